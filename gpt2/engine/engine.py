"""The engine: a compiled decoder with its weights, and what it takes to call it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from max.driver import CPU, Buffer, Device
from max.engine import InferenceSession

from gpt2.checkpoint.finite import check_logits
from gpt2.checkpoint.weights import find_tensors
from gpt2.engine import packing
from gpt2.engine.cache import KeyValueCache
from gpt2.engine.formats import BF16, FORMATS, LANES, PLAIN, QUANTIZED, cache_dtype
from gpt2.engine.graph import compiled_decoder, reason
from gpt2.engine.pages import Pages
from gpt2.errors import UserError
from gpt2.runtime import refuse_forks
from gpt2.threads import choose_threads
from solutions.solution_01 import GPT2Config
from solutions.solution_16 import attention_mask, positions
from solutions.solution_19 import Text


class Engine:
    """Runs texts through a model; what belongs to a text is in its cache, not here."""

    def __init__(
        self,
        folder: Path,
        config: GPT2Config,
        device: Device,
        quantize: str | None = None,
        *,
        kernels: bool = True,
        threads: int | None = None,
    ) -> None:
        """Loads a checkpoint. The first time on a machine it compiles, for a minute or two.

        Args:
            folder: the checkpoint.
            config: its sizes.
            device: where the engine is to run.
            quantize: one of formats.QUANTIZED for weights of fewer bits, or `bf16` where MAX's own
                operations run; None for float32.
            kernels: False for MAX's own operations alone, as on a GPU.
            threads: as for `gpt2.threads.choose_threads`.

        Raises:
            UserError: the weights do not fit the config, or cannot be quantized; or see
                runtime.refuse_forks, and choose_threads.
        """
        self.config = config
        self.device = device
        layout = choose_layout(config, device, quantize, kernels)
        self.paged = layout not in (PLAIN, BF16)
        self.cache_dtype = cache_dtype(layout)
        choose_threads(threads, layout)
        weights = packing.prepare(find_tensors(folder, config), layout)
        refuse_forks()
        graph = compiled_decoder(config, layout, device)  # last: it may take minutes
        try:
            session = InferenceSession(devices=[device])
            self._model = session.load(graph, weights_registry=weights)
        except (RuntimeError, ValueError) as error:
            raise UserError(f"MAX cannot load {graph}: {reason(error)}") from error

    def __reduce__(self) -> NoReturn:
        """Says why pickle and copy.deepcopy do not work."""
        raise TypeError("a model lives in one process: it cannot be copied; load it in each")

    def new_cache(self, padding: np.ndarray) -> KeyValueCache:
        """An empty cache for texts that begin with padding, int64 `[batch]` tokens of it."""
        return KeyValueCache(self.config, self.device, padding, self.paged, self.cache_dtype)

    def forward(self, cache: KeyValueCache, ids: np.ndarray, logits_to_keep: int = 1) -> np.ndarray:
        """Puts tokens behind those in a cache.

        Args:
            cache: is changed: its length grows by seq, and must not exceed n_positions.
            ids: int64 `[batch, seq]`.
            logits_to_keep: for how many of the last tokens to return logits.

        Returns:
            float32 `[batch, logits_to_keep, vocab_size]`.

        Raises:
            UserError: they are not finite; or see runtime.refuse_forks.
        """
        refuse_forks()  # before there is room to make, by MAX
        # ANCHOR: forward
        batch, new = ids.shape
        cache.make_room(new)
        if self.paged:  # a text is one page
            ends = np.arange(1, batch + 1)[:, None] * new
            kept = ends - np.arange(logits_to_keep, 0, -1)  # [batch, logits_to_keep]
            past = cache.length - cache.padding
            table = np.arange(batch)[:, None]
            logits = self.step(ids, past, table, cache.buffers[0], kept.ravel())
            logits = logits.reshape(*kept.shape, -1)
        else:
            places = positions(new, cache.length, cache.padding)
            kept = np.arange(new - logits_to_keep, new)
            mask = attention_mask(new, cache.length, cache.padding)
            logits = self._execute(ids, places, kept, *cache.buffers, mask)
        cache.length += new
        return logits
        # ANCHOR_END: forward

    def step(
        self,
        ids: Sequence[Sequence[int]],
        past: np.ndarray,
        table: np.ndarray,
        pages: Buffer,
        kept: np.ndarray | None = None,
    ) -> np.ndarray:
        """Reads new tokens of texts, of each as many as there are; where the engine is paged.

        Args:
            ids: the new tokens of each text; they lie one behind the other in one row.
            past: int64 `[texts]`, how many tokens of each are there; below 0, so many of the new
                ones are padding.
            table: int64 `[texts, most]`, the pages of each.
            pages: of cache_dtype, `[pages, 2, n_layer, n_head, size, head_dim]`, written in place.
            kept: int64, the places in that row whose logits to return; None for the last of each
                text.

        Returns:
            float32 `[kept, vocab_size]`.

        Raises: as forward.
        """
        # ANCHOR: step
        counts = [len(new) for new in ids]
        offsets = np.cumsum([0, *counts])
        places = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - past, counts)
        kept = offsets[1:] - 1 if kept is None else kept
        row = np.concatenate(ids)[None]
        return self._execute(row, places.clip(0)[None], kept, pages, table, past, offsets)[0]
        # ANCHOR_END: step

    def read(self, pages: Pages, texts: Sequence[Text], counts: Sequence[int]) -> np.ndarray:
        """Reads the next tokens of texts, which have their pages.

        Args:
            pages: where their keys and values are, and go to.
            texts: are changed: so many more tokens of each have been read.
            counts: how many of each.

        Returns:
            float32 `[len(texts), vocab_size]`, the logits behind the last of these tokens.

        Raises: as forward.
        """
        new = [text.ids[text.read :][:count] for text, count in zip(texts, counts, strict=True)]
        past = np.array([text.read for text in texts])
        logits = self.step(new, past, pages.places(texts), pages.buffer)
        for text, count in zip(texts, counts, strict=True):
            text.read += count
        return logits

    def _execute(
        self, ids: np.ndarray, places: np.ndarray, kept: np.ndarray, *cache: Buffer | np.ndarray
    ) -> np.ndarray:
        """Runs the decoder, whose arguments these are."""
        refuse_forks()
        (logits,) = self._model.execute(*map(self._buffer, (ids, places, kept, *cache)))
        logits = np.from_dlpack(logits.to(CPU()))
        check_logits(logits)
        return logits

    def _buffer(self, array: np.ndarray | Buffer) -> Buffer:
        if isinstance(array, Buffer):
            return array
        return Buffer.from_dlpack(np.ascontiguousarray(array)).to(self.device)


def choose_layout(
    config: GPT2Config, device: Device, quantize: str | None, kernels: bool = True
) -> str:
    """How to keep the weights: as for make_decoder; the rest as for Engine.

    Raises:
        UserError: they cannot be quantized in this way.
    """
    own_operations = device != CPU() or not kernels
    kernels_fit = not own_operations and config.head_dim % LANES == 0
    if quantize is None:
        return "float32" if kernels_fit else PLAIN
    if quantize == BF16:
        if own_operations:
            return BF16
        raise UserError("bf16 is for accelerators: on the CPU, f16 weights have as few bits")
    if quantize not in QUANTIZED:
        raise UserError(f"cannot quantize to {quantize!r}: choose one of {', '.join(QUANTIZED)}")
    if own_operations:
        raise UserError(f"{quantize} weights work on the CPU only: an accelerator takes {BF16}")
    if not kernels_fit:
        raise UserError(
            f"this model's heads have {config.head_dim} numbers; {quantize} weights need "
            f"a multiple of {LANES}"
        )
    multiple = FORMATS[quantize].numbers
    for name, size in (("n_embd", config.n_embd), ("n_inner", config.inner_dim)):
        if size % multiple != 0:
            raise UserError(
                f"{quantize} rounds {multiple} numbers together, and this model's {name} of "
                f"{size} is no multiple of that"
            )
    return quantize
