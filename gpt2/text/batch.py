"""Texts that grow together: each step reads the weights once for all of them."""

from collections.abc import Sequence

import numpy as np

from gpt2.engine.cache import KeyValueCache
from gpt2.engine.engine import Engine
from solutions.solution_16 import pad


class Batch:
    """Texts of any lengths in one cache, all of which grow by a token at a time.

    The short ones are padded in front, so that the last tokens stand in one column. When the
    context is full, the older half of it is dropped and the rest read again.

    Attributes:
        texts: the tokens of those texts that are not finished.
        logits: float32 `[len(texts), vocab_size]`, about what follows each of them.
    """

    def __init__(self, engine: Engine, texts: Sequence[Sequence[int]]) -> None:
        """Reads the texts, each of at least one token; what exceeds the context is not seen."""
        self._engine = engine
        self.texts = [list(text) for text in texts]
        self._rows = list(range(len(texts)))  # where in the cache each text is
        self._read(engine.config.n_positions)

    def append(self, tokens: Sequence[int]) -> None:
        """Puts a token behind each text."""
        for text, token in zip(self.texts, tokens, strict=True):
            text.append(token)
        if self._cache.length == self._engine.config.n_positions:
            self._read(self._engine.config.n_positions // 2)
            return
        ids = np.zeros((self._cache.batch, 1), np.int64)
        ids[self._rows, 0] = tokens
        self.logits = self._engine.forward(self._cache, ids)[self._rows, 0]

    def keep(self, chosen: Sequence[int]) -> None:
        """Goes on with the texts at these places only.

        Finished texts leave the cache when they are half of it: copying costs as much as they
        do in a few dozen steps.
        """
        self.texts = [self.texts[place] for place in chosen]
        self.logits = self.logits[list(chosen)]
        self._rows = [self._rows[place] for place in chosen]
        if 2 * len(self._rows) <= self._cache.batch and self._rows:
            self._cache.keep(self._rows)
            self._rows = list(range(len(self._rows)))

    # ANCHOR: read
    def _read(self, window: int) -> None:
        """Fills a new cache with the last tokens of each text."""
        shown = [tuple(text[-window:]) for text in self.texts]
        distinct = list(dict.fromkeys(shown))  # a prompt of many samples is read once
        ids, padding = pad(distinct)
        self._cache: KeyValueCache = self._engine.new_cache(padding)
        logits = self._engine.forward(self._cache, ids)[:, 0]
        self._rows = [distinct.index(text) for text in shown]
        if len(distinct) < len(shown):
            self._cache.keep(self._rows)
            logits = logits[self._rows]
            self._rows = list(range(len(shown)))
        self.logits = logits
        # ANCHOR_END: read
