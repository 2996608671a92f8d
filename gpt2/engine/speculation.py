"""Speculative decoding: guess some tokens, and check all guesses in one step of the model.

A step reads all weights, for one token or for eight. So where somebody guesses the next tokens
well, the model says of all of them at once what it thinks, and the text grows by several.

The rule by which guesses are kept leaves the distribution of the text exactly what it was.

Sources: Leviathan, Kalman and Matias, "Fast Inference from Transformers via Speculative
Decoding" (2023), section 2.3, and Chen et al., "Accelerating Large Language Model Decoding with
Speculative Sampling" (2023).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gpt2.continuation import Continuation
from gpt2.engine.engine import Engine


@dataclass(frozen=True)
class Guess:
    """A token that may come next.

    Attributes:
        token: its id.
        probabilities: `[vocab_size]`, from which it was drawn; None where nothing was drawn.
    """

    token: int
    probabilities: np.ndarray | None = None


class Guesser(Protocol):
    """Who guesses how a text goes on."""

    def guess(self, continuation: Continuation, count: int) -> list[Guess]:
        """At most count guesses, one behind the other."""


# ANCHOR: rule
def accept(token: int, p: np.ndarray, q: np.ndarray, rng: np.random.Generator) -> bool:
    """Keeps a guess with probability p(token) / q(token), at most 1.

    Args:
        token: drawn from q.
        p: `[vocab_size]`, from which the model would draw.
        q: `[vocab_size]`, from which the guess was drawn.
        rng: decides.
    """
    return bool(rng.random() * q[token] < p[token])


def remainder(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """What to draw from instead of a guess that was not kept: max(0, p - q), scaled to sum to 1.

    A token that is guessed more often than it should be is kept less often; the missing
    probability is that of the tokens which are guessed too seldom.
    """
    rest = np.maximum(p - q, 0)
    total = rest.sum()
    return rest / total if total > 0 else p  # p is q but for rounding
    # ANCHOR_END: rule


def speculate(
    engine: Engine, guesser: Guesser, continuation: Continuation, count: int
) -> Iterator[str]:
    """Continues a text until it is finished, in as few steps as the guesses allow.

    Args:
        engine: the model.
        guesser: who guesses.
        continuation: the text.
        count: the number of guesses in a step, at most.

    Yields:
        Pieces of text, as Continuation.push returns them.
    """
    # ANCHOR: loop
    limit = engine.config.n_positions
    cache = engine.new_cache(np.zeros(1, np.int64))
    unread = continuation.ids[-limit:]  # tokens that are not in the cache
    while continuation.finish_reason is None:
        if cache.length + len(unread) > limit:
            cache.length = 0
            unread = continuation.ids[-(limit // 2) :]
        room = limit - cache.length - len(unread)
        wanted = continuation.options.max_new_tokens - len(continuation.new_ids)
        guesses = guesser.guess(continuation, min(count, room, wanted - 1))
        ids = unread + [guess.token for guess in guesses]
        all_logits = engine.forward(cache, np.array([ids]), wanted=len(guesses) + 1)[0]
        before = len(continuation.ids)
        yield from _settle(continuation, guesses, all_logits)
        kept = len(continuation.ids) - before - 1  # the last token was not guessed
        cache.length -= len(guesses) - kept
        unread = continuation.ids[-1:]
        # ANCHOR_END: loop


def _settle(
    continuation: Continuation, guesses: list[Guess], all_logits: np.ndarray
) -> Iterator[str]:
    """Pushes the guesses that are right, and one token more.

    Args:
        continuation: the text.
        guesses: how it may go on.
        all_logits: `[len(guesses) + 1, vocab_size]`, what the model says at the place of each
            guess, and behind the last.
    """
    # ANCHOR: settle
    for guess, logits in zip(guesses, all_logits, strict=False):
        token = _choose(continuation, guess, logits)
        yield continuation.push(token, logits)
        if token != guess.token or continuation.finish_reason is not None:
            return
    logits = all_logits[-1]
    yield continuation.push(continuation.choose(logits), logits)


def _choose(continuation: Continuation, guess: Guess, logits: np.ndarray) -> int:
    """The guess if it is kept, and another token otherwise."""
    if guess.probabilities is None:
        return continuation.choose(logits)  # as without a guess, which is right or wrong
    p = continuation.options.probabilities(logits, continuation.ids)
    q = guess.probabilities
    if accept(guess.token, p, q, continuation.rng):
        return guess.token
    rest = remainder(p, q)
    return int(continuation.rng.choice(len(rest), p=rest))
    # ANCHOR_END: settle
