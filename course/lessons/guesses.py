"""What step 18 is tried with: guesses that are sure, guesses that are drawn, and many of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course.compare import same_frequencies
from course.lesson import Experiment
from course.outcomes import Frequencies, Violated

if TYPE_CHECKING:
    from course.plain_subject import PlainSubject

DRAWS = 800
# At three places: from what the model would draw, and from what two guesses are drawn.
P = np.array([[0.45, 0.15, 0.1, 0.3], [0.3, 0.35, 0.1, 0.25], [0.05, 0.15, 0.25, 0.55]])
Q = np.array([[0.1, 0.05, 0.35, 0.5], [0.5, 0.15, 0.2, 0.15]])
PLACES = ("first", "second", "third")


def sure(*tokens: int) -> np.ndarray:
    """Probabilities `[len(tokens), 4]`, of which each row is certain of a token."""
    return np.eye(4)[list(tokens)]


def lookup(ids: Sequence[int], count: int) -> Experiment:
    """What a text lets expect."""

    def run(subject: PlainSubject) -> list[int]:
        return list(map(int, subject.call(subject.step.prompt_lookup, list(ids), count)))

    return Experiment(f"prompt_lookup({list(ids)}, {count})", run, piece="prompt_lookup")


def always(name: str, token: int, p: Sequence[float], q: Sequence[float]) -> Experiment:
    """Whether a guess is kept each time, or never, where chance has no say."""

    def run(subject: PlainSubject) -> str:
        answers = _decide(subject, token, np.array(p), np.array(q), 60, 1)
        return "sometimes" if len(set(answers)) > 1 else "always" if answers[0] else "never"

    return Experiment(f"how often a guess is kept, {name}", run, piece="accept")


def acceptance(p: float, q: float) -> Experiment:
    """How often a guess of these probabilities is kept."""

    def run(subject: PlainSubject) -> Frequencies:
        answers = _decide(subject, 1, np.array([1 - p, p]), np.array([1 - q, q]), DRAWS, 2)
        counts = np.bincount(answers, minlength=2)
        return _judged(subject, counts, np.array([1 - p / q, p / q]), "answer, no or yes,")

    return Experiment(f"{DRAWS} guesses with p = {p:g} and q = {q:g}", run, piece="accept")


def accept_twice(first: int, second: int) -> Experiment:
    """How two runs of decisions compare, from rngs with these seeds."""

    def run(subject: PlainSubject) -> str:
        runs = [_decide(subject, 3, P[0], Q[0], 60, seed) for seed in (first, second)]
        return "the same answers" if runs[0] == runs[1] else "other answers"

    seeds = "one seed" if first == second else "two seeds"
    return Experiment(f"60 guesses twice, {seeds}", run, piece="accept")


def _decide(
    subject: PlainSubject, token: int, p: np.ndarray, q: np.ndarray, count: int, seed: int
) -> list[bool]:
    rng, p, q = np.random.default_rng(seed), p.copy(), q.copy()
    first = bool(subject.call(subject.step.accept, token, p, q, rng))
    return [first, *(bool(subject.step.accept(token, p, q, rng)) for _ in range(count - 1))]


def left(name: str, p: np.ndarray, q: np.ndarray) -> Experiment:
    """What is drawn from in the place of a guess."""

    def run(subject: PlainSubject) -> np.ndarray:
        return np.asarray(subject.call(subject.step.remainder, p, q), np.float64)

    return Experiment(f"remainder(p, q), {name}", run, ("token",), piece="remainder")


def settled(name: str, drafts: Sequence[int], p: np.ndarray, q: np.ndarray) -> Experiment:
    """What is written where nothing is left to chance; all that is written where something is."""

    def run(subject: PlainSubject) -> list[int] | list[list[int]]:
        rng = np.random.default_rng(3)
        results = [
            list(map(int, subject.call(subject.step.verify, list(drafts), p, q, rng)))
            for _ in range(40)
        ]
        distinct = [tokens for i, tokens in enumerate(results) if tokens not in results[:i]]
        return sorted(distinct) if distinct[1:] else distinct[0]

    return Experiment(f"verify({list(drafts)}, p, q), {name}", run, piece="verify")


def kept() -> Experiment:
    """How many of two guesses are kept."""
    shares = P[[0, 1], [3, 0]] / Q[[0, 1], [3, 0]]
    none, both = 1 - shares[0], shares.prod()

    def run(subject: PlainSubject) -> Frequencies:
        results = _verify_often(subject, [[3, 0]] * DRAWS, 4)
        counts = np.bincount([len(tokens) - 1 for tokens in results], minlength=3)
        chances = np.array([none, 1 - none - both, both])
        return _judged(subject, counts, chances, "count of kept guesses, 0 to 2,")

    return Experiment(f"how many of [3, 0] are kept, {DRAWS} times", run, piece="verify")


def instead() -> Experiment:
    """Which tokens take the place of a guess that is refused."""
    rest = np.maximum(P[0] - Q[0], 0)

    def run(subject: PlainSubject) -> Frequencies:
        results = _verify_often(subject, [[3, 0]] * DRAWS, 8)
        tokens = [tokens[0] for tokens in results if len(tokens) == 1]
        return _judged(subject, _count(tokens), rest / rest.sum(), "token")

    return Experiment(f"what takes the place of a refused 3, {DRAWS} times", run, piece="verify")


def written(place: int) -> Experiment:
    """Which tokens stand at a place, when all guesses are drawn from their q."""

    def run(subject: PlainSubject) -> Frequencies:
        rng = np.random.default_rng(5)
        drafts = np.stack([rng.choice(4, p=q, size=DRAWS) for q in Q], axis=1)
        results = _verify_often(subject, drafts.tolist(), 6)
        tokens = [tokens[place] for tokens in results if len(tokens) > place]
        return _judged(subject, _count(tokens), P[place], "token")

    name = f"the {PLACES[place]} token that is written, {DRAWS} times"
    return Experiment(name, run, piece="verify")


def verify_twice(subject: PlainSubject) -> str:
    """How two runs under one seed compare."""
    runs = [_verify_often(subject, [[3, 0]] * 30, 7) for _ in range(2)]
    return "the same tokens" if runs[0] == runs[1] else "other tokens"


def _verify_often(subject: PlainSubject, guesses: list[list[int]], seed: int) -> list[list[int]]:
    """What is written for each pair of guesses."""
    rng, p, q = np.random.default_rng(seed), P.copy(), Q.copy()
    results = []
    for drafts in guesses:
        tokens = list(map(int, subject.step.verify(list(drafts), p, q, rng)))
        if not 1 <= len(tokens) <= 3 or tokens[:-1] != drafts[: len(tokens) - 1]:
            raise Violated(f"of the guesses {drafts} it made {tokens}: whose are all but the last?")
        results.append(tokens)
    return results


def _count(tokens: list[int]) -> np.ndarray:
    return np.bincount(np.array(tokens, int), minlength=4)


def _judged(
    subject: PlainSubject, counts: np.ndarray, probabilities: np.ndarray, of: str
) -> Frequencies:
    """Counts, and the right probabilities where they are those of our own code."""
    right = Frequencies(counts, probabilities, of)
    counted = Frequencies(counts, None, of)
    return counted if subject.is_readers or not same_frequencies(right, counted) else right
