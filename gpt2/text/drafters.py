"""Drafters for speculative decoding: the text itself, or a smaller model."""

import numpy as np

from gpt2.engine.engine import Engine
from gpt2.text.continuation import Continuation
from gpt2.text.sampling import probabilities
from gpt2.text.speculation import Draft


class PromptLookup:
    """Guesses that a text repeats itself: what followed its last tokens before, follows again.

    Source: Saxena, "Prompt Lookup Decoding" (2023), https://github.com/apoorvumang/prompt-lookup-decoding
    """

    def __init__(self, longest: int = 3, shortest: int = 2) -> None:
        """How many of the last tokens have to have been there before."""
        self._longest, self._shortest = longest, shortest

    # ANCHOR: lookup
    def draft(self, continuation: Continuation, count: int) -> list[Draft]:
        """What followed the most recent place where the last tokens stood before."""
        ids = np.array(continuation.ids)
        for length in range(min(self._longest, len(ids) - 1), self._shortest - 1, -1):
            windows = np.lib.stride_tricks.sliding_window_view(ids[:-1], length)
            (places,) = np.nonzero((windows == ids[-length:]).all(axis=1))
            if len(places):
                followed = ids[int(places[-1]) + length :]
                # A text that goes round in circles goes on so: "a b a b" drafts "a b a b a b".
                return [Draft(int(token)) for token in np.resize(followed, count)]
        return []
        # ANCHOR_END: lookup


class DraftModel:
    """Asks a smaller model with the same vocabulary, under the same options."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cache = engine.new_cache(np.zeros(1, np.int64))
        self._read: list[int] = []  # the tokens in the cache

    def draft(self, continuation: Continuation, count: int) -> list[Draft]:
        """What the smaller model would write."""
        # ANCHOR: draft
        ids = list(continuation.ids)
        drafts: list[Draft] = []
        for _ in range(count):
            logits = self._logits(ids)
            chances = probabilities(logits, ids, continuation.options)
            token = int(continuation.rng.choice(len(chances), p=chances))
            drafts.append(Draft(token, chances))
            ids.append(token)
        return drafts
        # ANCHOR_END: draft

    def _logits(self, ids: list[int]) -> np.ndarray:
        """What the smaller model says of the token after ids."""
        limit = self._engine.config.n_positions
        if len(ids) > limit:
            # Half of the context, counted from a place that moves only now and then.
            ids = ids[(len(ids) - limit // 2 - 1) // (limit // 2) * (limit // 2) :]
        common = 0
        while common < min(len(ids) - 1, len(self._read)) and ids[common] == self._read[common]:
            common += 1
        self._cache.length = common
        self._read = list(ids)
        return self._engine.forward(self._cache, np.array([ids[common:]]))[0, -1]
