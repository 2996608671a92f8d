"""What step 15 is tried with: texts in pieces, and caches that show where somebody looked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Construction, Experiment
from course.lessons.tiny import features
from solutions.solution_01 import GPT2Config

if TYPE_CHECKING:
    from max.experimental.nn import Module
    from max.experimental.tensor import Tensor
    from max.graph import BufferType

    from course.subject import Subject

SPARE = 2  # places of a cache that stay empty: there is NaN in them, which spreads
BATCH = 2


class Reading:
    """A text that a module reads in pieces, and its cache."""

    def __init__(self, subject: Subject, construction: Construction, x: np.ndarray) -> None:
        """x: `[batch, length, n_embd]`, the whole text."""
        self._subject, self._x, self._past = subject, x, 0
        self._module = subject.module(construction)
        batch, length, _ = x.shape
        heads, width = self._module.n_head, self._module.head_dim
        empty = np.full((batch, heads, length + SPARE, width), np.nan, np.float32)
        self.keys, self.values = subject.tensor(empty), subject.tensor(empty)

    def read(self, new: int, hidden: Sequence[int] = ()) -> np.ndarray:
        """What the module makes of the next tokens.

        hidden: for each text a place that no later token sees; with it each has a mask.
        """
        past, self._past = self._past, self._past + new
        places = np.arange(self._past)
        own = places[past:, None]  # [new, 1]
        seen = places <= own
        if hidden:
            unseen = (places == np.reshape(hidden, (-1, 1, 1, 1))) & (places < own)
            seen = seen & ~unseen  # [batch, 1, new, total]
        mask = self._subject.tensor(np.where(seen, 0, -np.inf).astype(np.float32))

        def attend(x: Tensor) -> Tensor:
            self._module.cache = self._subject.step.LayerCache(self.keys, self.values, mask)
            return self._module(x)

        return self._subject.evaluate(attend, self._x[:, past : past + new])


def _text(config: GPT2Config, pieces: Sequence[int]) -> np.ndarray:
    return features(BATCH, sum(pieces), config.n_embd)


def in_pieces(construction: Construction, config: GPT2Config, *pieces: int) -> Experiment:
    """All outputs for a text that is read in pieces."""

    def run(subject: Subject) -> np.ndarray:
        reading = Reading(subject, construction, _text(config, pieces))
        return np.concatenate([reading.read(new) for new in pieces], axis=1)

    return Experiment(f"{construction.call}: {_listed(pieces)}", run)


def in_masks(construction: Construction, config: GPT2Config, *pieces: int) -> Experiment:
    """The same, where each text has a mask of its own, as it has beside longer ones."""

    def run(subject: Subject) -> np.ndarray:
        reading = Reading(subject, construction, _text(config, pieces))
        return np.concatenate([reading.read(new, (0, 1)) for new in pieces], axis=1)

    return Experiment(f"{construction.call}: {_listed(pieces)}, a mask for each text", run)


def left_behind(
    construction: Construction, config: GPT2Config, what: str, *pieces: int
) -> Experiment:
    """What is in the cache afterwards: its keys, or its values."""

    def run(subject: Subject) -> np.ndarray:
        reading = Reading(subject, construction, _text(config, pieces))
        for new in pieces:
            reading.read(new)
        return subject.array(getattr(reading, what))

    axes = ("batch", "head", "position", "feature")
    return Experiment(f"the cache's {what} after {_listed(pieces)}", run, axes)


def in_turns(construction: Construction, config: GPT2Config) -> Experiment:
    """The last token of a text, between whose pieces another is read."""

    def run(subject: Subject) -> np.ndarray:
        x = _text(config, (4,))
        one, other = (Reading(subject, construction, text) for text in (x, x[::-1] * 2))
        for reading in (one, other):
            reading.read(3)
        return one.read(1)

    return Experiment("two texts in turns, each with its cache", run)


def _listed(pieces: Sequence[int]) -> str:
    return ", then ".join(map(str, pieces)) + (" token" if pieces[-1] == 1 else " tokens")


def cached_in_graph(subject: Subject, construction: Construction) -> Module:
    """A module that takes the cache as inputs, to be traced."""
    from course.lessons.in_graphs import CachedInGraph

    return CachedInGraph(subject.module(construction), subject.step.LayerCache)


def any_cache(config: GPT2Config) -> list[BufferType]:
    """The types of its inputs: x, keys, values, mask, of any sizes."""
    from max.driver import CPU
    from max.dtype import DType
    from max.experimental.tensor import TensorType
    from max.graph import BufferType, DeviceRef

    shape = ["batch", config.n_head, "capacity", config.head_dim]
    cache = BufferType(DType.float32, shape, device=DeviceRef.CPU())
    x = TensorType(DType.float32, ["batch", "seq", config.n_embd], device=CPU())
    return [x, cache, cache, TensorType(DType.float32, ["seq", "total"], device=CPU())]
