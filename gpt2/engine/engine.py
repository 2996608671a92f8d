"""The engine: a compiled decoder with its weights, and what it takes to call it."""

from pathlib import Path

import numpy as np
from max.driver import CPU, Buffer, Device
from max.engine import InferenceSession

from gpt2.engine import packing
from gpt2.engine.cache import KeyValueCache
from gpt2.engine.graph import compiled_decoder
from gpt2.weights import check_finite, find_tensors
from solutions.solution_01 import GPT2Config


class Engine:
    """Runs texts through a model; what belongs to a text is in its cache, not here."""

    def __init__(
        self, folder: Path, config: GPT2Config, device: Device, quantize: str | None = None
    ) -> None:
        """Loads a checkpoint. The first time on a machine it compiles, for a minute or two.

        Raises:
            UserError: the weights do not fit the config.
        """
        self.config = config
        self.device = device
        # The kernels' panels are 16 wide; GPT-2's heads are 64.
        form = "packed" if device == CPU() and config.head_dim % 16 == 0 else "plain"
        decoder = compiled_decoder(config, form, device)
        prepare = {"plain": packing.plain, "packed": packing.packed}[form]
        weights = prepare(find_tensors(folder, decoder.parameters))
        check_finite(folder, weights)
        session = InferenceSession(devices=[device])
        self._model = session.load(decoder.path, weights_registry=weights)

    def new_cache(self, padding: np.ndarray) -> KeyValueCache:
        """An empty cache for texts that begin with padding, int64 `[batch]` tokens of it."""
        return KeyValueCache(self.config, self.device, padding)

    def forward(self, cache: KeyValueCache, ids: np.ndarray, wanted: int = 1) -> np.ndarray:
        """Puts tokens behind those in a cache.

        Args:
            cache: is changed: its length grows by seq, and must not exceed n_positions.
            ids: int64 `[batch, seq]`.
            wanted: for how many of the last tokens to return logits.

        Returns:
            float32 `[batch, wanted, vocab_size]`.
        """
        _, new = ids.shape
        cache.make_room(new)
        past = cache.length
        positions = past + np.arange(new) - cache.padding[:, None]  # [batch, seq]
        arguments = (
            ids,
            np.maximum(positions, 0),
            attention_mask(new, past, cache.padding),
            np.arange(new - wanted, new),
        )
        (logits,) = self._model.execute(*map(self._buffer, arguments), *cache.buffers)
        cache.length += new
        return np.from_dlpack(logits.to(CPU()))

    def _buffer(self, array: np.ndarray) -> Buffer:
        return Buffer.from_dlpack(np.ascontiguousarray(array)).to(self.device)


def attention_mask(new: int, past: int, padding: np.ndarray) -> np.ndarray:
    """Which tokens each new one may attend to.

    Args:
        new: how many tokens are new.
        past: how many are in the cache before them.
        padding: `[batch]`, how many at the beginning of each text are padding.

    Returns:
        float32 `[batch, 1, new, past + new]`: 0 where it may, minus infinity elsewhere.
    """
    key = np.arange(past + new)
    query = past + np.arange(new)[:, None]
    causal = key <= query  # [new, past + new]
    allowed = causal & (key >= padding[:, None, None])  # [batch, new, past + new]
    allowed |= key == query  # padding sees itself: a row of nothing would be no distribution
    return np.where(allowed, np.float32(0), np.float32(-np.inf))[:, None]
