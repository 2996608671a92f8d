"""Where the keys and values of texts are kept, between one step and the next."""

import numpy as np
from max.driver import CPU, Buffer, Device

from solutions.solution_01 import GPT2Config


class KeyValueCache:
    """The keys and values of a batch of texts, in all layers.

    All texts have the same length; a shorter one begins with padding, which no token attends to.

    Attributes:
        buffers: for each layer its keys and its values, on the device.
        length: how many positions are filled, padding included.
        padding: int64 `[batch]`, how many of them are padding.
    """

    def __init__(self, config: GPT2Config, device: Device, padding: np.ndarray) -> None:
        shape = [len(padding), config.n_head, config.n_positions, config.head_dim]
        self.buffers = [_zeros(shape, device) for _ in range(2 * config.n_layer)]
        self.length = 0
        self.padding = padding

    def keep(self, rows: list[int]) -> None:
        """Goes on with some of the texts, in the order given; one may be there many times."""
        self.buffers = [_select(buffer, rows, self.length) for buffer in self.buffers]
        self.padding = self.padding[rows]


def _zeros(shape: list[int], device: Device) -> Buffer:
    return Buffer.from_dlpack(np.zeros(shape, np.float32)).to(device)


def _select(buffer: Buffer, rows: list[int], length: int) -> Buffer:
    old = np.from_dlpack(buffer.to(CPU()))
    new = np.zeros((len(rows), *old.shape[1:]), np.float32)
    new[:, :, :length] = old[rows, :, :length]
    return Buffer.from_dlpack(new).to(buffer.device)
