"""Drafters for speculative decoding: the text itself, or a smaller model."""

import numpy as np

from gpt2.engine.engine import Engine
from gpt2.text.continuation import Continuation
from gpt2.text.sampling import probabilities
from gpt2.text.speculation import Draft
from solutions.solution_18 import prompt_lookup


class PromptLookup:
    """Guesses that a text repeats itself: step 18's."""

    def draft(self, continuation: Continuation, count: int) -> list[Draft]:
        """What followed the most recent place where the last tokens stood before."""
        return [Draft(token) for token in prompt_lookup(continuation.ids, count)]


class DraftModel:
    """Asks a smaller model with the same vocabulary, under the same options."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cache = engine.new_cache(np.zeros(1, np.int64))
        self._read: list[int] = []  # the tokens in the cache

    def draft(self, continuation: Continuation, count: int) -> list[Draft]:
        """What the smaller model would write."""
        ids = list(continuation.ids)
        drafts: list[Draft] = []
        for _ in range(count):
            logits = self._logits(ids)
            prompt = continuation.prompt_length
            chances = probabilities(logits, ids, continuation.options, prompt)
            token = int(continuation.rng.choice(len(chances), p=chances))
            drafts.append(Draft(token, chances))
            ids.append(token)
        return drafts

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
