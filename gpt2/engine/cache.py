"""Where the keys and values of texts are kept, between one step and the next."""

import numpy as np
from max.driver import CPU, Buffer, Device
from max.dtype import DType

from solutions.solution_01 import GPT2Config

STEP = 128  # positions by which the cache grows, at least; a multiple of a panel's 16


class KeyValueCache:
    """The keys and values of a batch of texts, in all layers.

    All texts have the same length; a shorter one begins with padding, which no token attends to.

    Attributes:
        buffers: on the device, for each layer its keys and its values, each
            `[batch, n_head, capacity, head_dim]`; or, paged, all in one, as in a PagedCache, where
            each text is one page. The capacity grows with the texts.
        length: how many positions are filled, padding included.
        padding: int64 `[batch]`, how many of them are padding.
    """

    def __init__(
        self,
        config: GPT2Config,
        device: Device,
        padding: np.ndarray,
        paged: bool,
        dtype: DType,
    ) -> None:
        """An empty one, for texts that begin with padding; numbers are stored as dtype."""
        self.padding = padding
        self.length = 0
        self._limit = config.n_positions
        # On an accelerator all the room from the start: to copy goes by way of the host.
        capacity = 0 if device == CPU() else config.n_positions
        each = [2, config.n_layer] if paged else []
        shape = [len(padding), *each, config.n_head, capacity, config.head_dim]
        count = 1 if paged else 2 * config.n_layer
        self.buffers = [Buffer.zeros(shape, dtype, device) for _ in range(count)]

    @property
    def batch(self) -> int:
        """How many texts there are."""
        return len(self.padding)

    @property
    def capacity(self) -> int:
        """How many positions there is room for."""
        return self.buffers[0].shape[-2]

    def make_room(self, new: int) -> None:
        """Sees to it that new positions fit; n_positions is the most there can be."""
        needed = self.length + new
        if needed > self._limit:
            raise ValueError(f"{needed} positions do not fit into a context of {self._limit}")
        if needed > self.capacity:
            capacity = max(needed, min(2 * self.capacity, self._limit))
            self._copy(slice(None), -(-capacity // STEP) * STEP)

    def keep(self, rows: list[int]) -> None:
        """Goes on with some of the texts, in the order given; one may be there many times."""
        self._copy(rows, self.capacity)
        self.padding = self.padding[rows]

    def _copy(self, rows: slice | list[int], capacity: int) -> None:
        for index, buffer in enumerate(self.buffers):
            old = _numbers(buffer.to(CPU()))[rows]
            *sizes, filled, head_dim = old.shape
            new = Buffer.zeros([*sizes, capacity, head_dim], buffer.dtype)
            _numbers(new)[..., :filled, :] = old
            self.buffers[index] = new.to(buffer.device)


def _numbers(buffer: Buffer) -> np.ndarray:
    """A view of a buffer on the CPU; NumPy knows no bfloat16, and takes its bits."""
    bits = buffer.view(DType.uint16) if buffer.dtype == DType.bfloat16 else buffer
    return np.from_dlpack(bits)
