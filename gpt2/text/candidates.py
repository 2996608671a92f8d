"""The tokens that may come next: strategies remove some of them, and a draw takes one.

A token is due every few milliseconds, so 50,257 logits are not sorted for it. Each strategy keeps
what is above a threshold: who is clearly above stays, who is clearly below goes, and step 14 is
asked about the few near it. Likewise a draw adds up chunks first, then the tokens of one chunk.
"""

import math
from collections.abc import Callable

import numpy as np

from solutions import solution_14
from solutions.solution_14 import NEVER

CHUNK = 256  # tokens whose weights a draw adds up together
COLUMN = 32  # tokens of which top-k looks at the largest
BUCKETS = 1024  # of equal width, into which logits are sorted
MARGIN = 2.0**-10  # between logits that are clearly apart, whatever float32 rounds off

# Exponentials in float32 falsify a sum of them by this share of it, at most. One whose logit lies d
# below the largest is right to (d + 5) / 2**24: d from the subtraction, 5 from NumPy's exp. That is
# 2**-18 at d = 59, and what lies deeper is nothing beside the largest. Of all together, d is at
# most the logarithm of their number, as a mean weighted by them: that makes 2**-20 of 50,257.
ROUNDING = 2.0**-18


class Candidates:
    """The tokens of a vocabulary, or those that are left, with their logits."""

    def __init__(self, logits: np.ndarray) -> None:
        """Begins with all of logits, float32 `[vocab_size]`; minus infinity never comes."""
        self._vocab_size = len(logits)
        self._ids: np.ndarray | None = None  # [count], ascending; None: all
        self._logits = logits  # [count], and so below
        self._largest = logits.max()  # nobody removes it
        self._weights: np.ndarray | None = None  # once somebody has asked for them

    def top_k(self, k: int) -> None:
        """Keeps the k likeliest, and those as likely as the last of them."""
        logits = self._logits
        near = likeliest(logits, k)
        if near is not None:
            self._take(near[solution_14.top_k(logits[near], k) > NEVER])
            return
        self._take(np.flatnonzero(logits > NEVER))
        if k < len(self._logits):
            keys, sums = self._buckets(float(self._largest - self._logits.min()))
            kept = self._above(
                keys, sums, k, lambda near, left, _: solution_14.top_k(near, int(left))
            )
            self._take(np.flatnonzero(kept))

    def top_p(self, p: float) -> None:
        """Keeps the smallest set of likeliest ones that together reach p < 1."""
        logits = self._logits
        # Further below the largest, all together have less than 1 - p.
        depth = math.log(len(logits) / (1 - p)) + MARGIN
        rest = error = 0.0
        if self._largest - logits.min() > 2 * depth:  # many are: only their sum counts
            rough = self._exponentials(logits, np.float32)
            total = rough.sum(dtype=np.float64)
            likely = np.flatnonzero(rough >= (1 - MARGIN) * (1 - p) * total / len(logits))
            rest = total - rough[likely].sum(dtype=np.float64)
            error = ROUNDING * rest
            self._take(likely)
        keys, sums = self._buckets(depth, self.weights)

        def nucleus(total: float) -> np.ndarray:
            return self._above(
                keys, sums, p * total, lambda near, left, of: solution_14.top_p(near, left / of)
            )

        kept = nucleus(sums[-1] + rest - error)
        if error and not np.array_equal(kept, nucleus(sums[-1] + rest + error)):
            kept = nucleus(self._exponentials(logits).sum())
        self._keep(kept)

    def min_p(self, p: float) -> None:
        """Keeps those that are at least p > 0 times as likely as the likeliest."""
        depth = -math.log(p)
        below = self._largest - self._logits
        kept = below < depth
        near = np.flatnonzero(np.abs(below - depth) <= MARGIN)
        logits = np.append(self._largest, self._logits[near])
        kept[near] = solution_14.min_p(logits, p)[1:] > NEVER
        self._keep(kept)

    def probabilities(self) -> np.ndarray:
        """Of the whole vocabulary, float64 `[vocab_size]`."""
        result = np.zeros(self._vocab_size)
        result[slice(None) if self._ids is None else self._ids] = self.weights / self.weights.sum()
        return result

    def draw(self, number: float) -> int:
        """The first token up to which the probabilities exceed a number from 0 to 1."""
        places: set[int] = set()
        if self._weights is None:  # float32 decides, if the number is not near an edge
            rough = self._exponentials(self._logits, np.float32)
            places = find(rough, number - ROUNDING, number + ROUNDING)
        if len(places) != 1:
            places = find(self.weights, number)
        [place] = places
        return int(place if self._ids is None else self._ids[place])

    @property
    def weights(self) -> np.ndarray:
        """What they weigh in a draw, float64 `[count]`: the largest logit 1, who is removed 0."""
        if self._weights is None:
            self._weights = self._exponentials(self._logits)
        return self._weights

    def _exponentials(self, logits: np.ndarray, dtype: type = np.float64) -> np.ndarray:
        shifted = np.subtract(logits, self._largest, dtype=dtype)
        return np.exp(shifted, out=shifted)

    def _take(self, places: np.ndarray) -> None:
        """Removes all but those at these places."""
        self._ids = places if self._ids is None else self._ids.take(places)
        self._logits = self._logits.take(places)
        if self._weights is not None:
            self._weights = self._weights.take(places)

    def _keep(self, kept: np.ndarray) -> None:
        """Removes all but those of a mask; or, where few go, only takes their weight."""
        if 2 * np.count_nonzero(kept) < len(kept):
            self._take(np.flatnonzero(kept))
        else:
            np.multiply(self.weights, kept, out=self.weights)

    def _buckets(
        self, depth: float, weights: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sorts the logits into buckets, the largest first, so many for each depth.

        Returns:
            The bucket of each, and the sum of the weights (or else the number of tokens) up to
            the end of each bucket.
        """
        below = self._largest - self._logits
        below *= BUCKETS / max(depth, MARGIN)
        keys = below.astype(np.int16)
        return keys, np.bincount(keys, weights).cumsum()

    def _above(
        self,
        keys: np.ndarray,
        sums: np.ndarray,
        goal: float,
        strategy: Callable[[np.ndarray, float, float], np.ndarray],
    ) -> np.ndarray:
        """A mask of the likeliest tokens, as many as it takes to reach a goal.

        Args:
            keys, sums: as _buckets returns them.
            goal: a sum.
            strategy: is asked about the logits of the bucket in which it is reached; what is left
                to reach there, and how much the bucket has.
        """
        bucket = min(int(sums.searchsorted(goal)), len(sums) - 1)
        before = sums[bucket - 1] if bucket else 0
        near = np.flatnonzero(keys == bucket)
        kept = keys < bucket
        kept[near] = strategy(self._logits[near], goal - before, sums[bucket] - before) > NEVER
        return kept


# ANCHOR: likeliest
def likeliest(logits: np.ndarray, k: int) -> np.ndarray | None:
    """The places of the k largest, of those as large as the last, and of some more; ascending.

    None where k is so large that these would be nearly all.
    """
    columns = logits[: len(logits) // COLUMN * COLUMN].reshape(COLUMN, -1).max(axis=0)
    if 2 * k > len(columns):
        return None
    # k logits, one in each of k columns, are no smaller than this.
    return np.flatnonzero(logits >= np.partition(columns, -k)[-k])
    # ANCHOR_END: likeliest


def find(weights: np.ndarray, *numbers: float) -> set[int]:
    """Where the weights, added up from the first, exceed these shares of their sum."""
    starts = np.arange(0, len(weights), CHUNK)
    sums = np.add.reduceat(weights, starts, dtype=np.float64).cumsum()
    places = set()
    for number in numbers:
        goal = number * sums[-1]
        chunk = _first_above(sums, goal)
        inside = weights[starts[chunk] :][:CHUNK].cumsum(dtype=np.float64)
        inside += sums[chunk - 1] if chunk else 0.0
        places.add(int(starts[chunk]) + _first_above(inside, goal))
    return places


def _first_above(sums: np.ndarray, goal: float) -> int:
    """The first of ascending sums above a goal; if rounding leaves none, the first of the last."""
    return min(int(sums.searchsorted(goal, "right")), int(sums.searchsorted(sums[-1])))
