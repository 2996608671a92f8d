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
from gpt2.engine.graph import compiled_decoder, reason
from gpt2.engine.pages import Pages
from gpt2.engine.quantize import BLOCKS
from gpt2.errors import UserError
from gpt2.runtime import refuse_forks
from solutions.solution_01 import GPT2Config
from solutions.solution_16 import attention_mask, positions
from solutions.solution_19 import Text

PLAIN = "plain"  # the layout with MAX's own operations alone


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
    ) -> None:
        """Loads a checkpoint. The first time on a machine it compiles, for a minute or two.

        Args:
            folder: the checkpoint.
            config: its sizes.
            device: where the engine is to run.
            quantize: `q4_0` or `q6_k` for weights of fewer bits; None for float32.
            kernels: False for MAX's own operations alone, as on a GPU.

        Raises:
            UserError: the weights do not fit the config, or cannot be quantized; or see
                runtime.refuse_forks.
        """
        self.config = config
        self.device = device
        layout = choose_layout(config, device, quantize) if kernels or quantize else PLAIN
        self.paged = layout != PLAIN
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
        return KeyValueCache(self.config, self.device, padding)

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
        # ANCHOR: forward
        batch, new = ids.shape
        cache.make_room(new)
        if self.paged:  # a text is one page
            where = [np.arange(batch)[:, None], cache.length - cache.padding]
        else:
            where = [attention_mask(new, cache.length, cache.padding)]
        places = positions(new, cache.length, cache.padding)
        logits = self._execute(ids, places, logits_to_keep, cache.buffers, where)
        cache.length += new
        return logits
        # ANCHOR_END: forward

    def read(self, pages: Pages, texts: Sequence[Text], count: int) -> np.ndarray:
        """Reads the next tokens of texts, which have their pages.

        Args:
            pages: where their keys and values are, and go to.
            texts: are changed: count more tokens of each have been read.
            count: how many tokens.

        Returns:
            float32 `[len(texts), vocab_size]`, the logits behind the last of these tokens.

        Raises: as forward.
        """
        ids = np.array([text.ids[text.read : text.read + count] for text in texts])
        past = np.array([text.read for text in texts])
        where = [pages.places(texts), past]
        logits = self._execute(ids, past[:, None] + np.arange(count), 1, pages.buffers, where)
        for text in texts:
            text.read += count
        return logits[:, 0]

    def _execute(
        self,
        ids: np.ndarray,
        places: np.ndarray,
        logits_to_keep: int,
        buffers: list[Buffer],
        where: list[np.ndarray],
    ) -> np.ndarray:
        """Runs the decoder, whose arguments these are."""
        refuse_forks()
        new = ids.shape[1]
        tokens = map(self._buffer, (ids, places, np.arange(new - logits_to_keep, new)))
        (logits,) = self._model.execute(*tokens, *buffers, *map(self._buffer, where))
        logits = np.from_dlpack(logits.to(CPU()))
        check_logits(logits)
        return logits

    def _buffer(self, array: np.ndarray) -> Buffer:
        return Buffer.from_dlpack(np.ascontiguousarray(array)).to(self.device)


def choose_layout(config: GPT2Config, device: Device, quantize: str | None) -> str:
    """How to keep the weights: a key of layouts.LAYOUTS.

    Raises:
        UserError: they cannot be quantized in this way.
    """
    kernels_fit = device == CPU() and config.head_dim % packing.LANES == 0
    if quantize is None:
        return "packed" if kernels_fit else PLAIN
    if quantize not in BLOCKS:
        raise UserError(f"cannot quantize to {quantize!r}: choose one of {', '.join(BLOCKS)}")
    if device != CPU():
        raise UserError(f"{quantize} weights work on the CPU only: --device cpu")
    if not kernels_fit:
        raise UserError(
            f"this model's heads have {config.head_dim} numbers; {quantize} weights need "
            f"a multiple of {packing.LANES}"
        )
    multiple, _ = BLOCKS[quantize]
    for name, size in (("n_embd", config.n_embd), ("n_inner", config.inner_dim)):
        if size % multiple != 0:
            raise UserError(
                f"{quantize} rounds {multiple} numbers together, and this model's {name} of "
                f"{size} is no multiple of that"
            )
    return quantize
