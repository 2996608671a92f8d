"""Speculative decoding: draft some tokens, and check all of them in one step of the model.

A step reads all weights, for one token or for eight. So where somebody drafts the next tokens
well, the model says of all of them at once what it thinks, and the text grows by several.

The rule by which drafts are kept leaves the distribution of the text exactly what it was.

Sources: Leviathan, Kalman and Matias, "Fast Inference from Transformers via Speculative
Decoding" (2023), section 2.3, and Chen et al., "Accelerating Large Language Model Decoding with
Speculative Sampling" (2023).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gpt2.engine.engine import Engine
from gpt2.text.continuation import Continuation
from gpt2.text.sampling import probabilities
from solutions.solution_18 import verify


@dataclass(frozen=True)
class Draft:
    """A token that may come next.

    Attributes:
        token: its id.
        probabilities: `[vocab_size]`, from which it was drawn; None where nothing was drawn.
    """

    token: int
    probabilities: np.ndarray | None = None


class Drafter(Protocol):
    """Who drafts how a text goes on."""

    def draft(self, continuation: Continuation, count: int) -> list[Draft]:
        """At most count draft tokens, one behind the other."""


def speculate(
    engine: Engine, drafter: Drafter, continuation: Continuation, count: int
) -> Iterator[str]:
    """Continues a text until it is finished, in as few steps as the drafts allow.

    Args:
        engine: the model.
        drafter: who drafts.
        continuation: the text.
        count: the number of drafts in a step, at most.

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
        drafts = drafter.draft(continuation, min(count, room, wanted - 1))
        ids = unread + [draft.token for draft in drafts]
        all_logits = engine.forward(cache, np.array([ids]), logits_to_keep=len(drafts) + 1)[0]
        before = len(continuation.ids)
        yield from _settle(continuation, drafts, all_logits)
        kept = len(continuation.ids) - before - 1  # the last token was no draft
        cache.length -= len(drafts) - kept
        unread = continuation.ids[-1:]
        # ANCHOR_END: loop


def _settle(
    continuation: Continuation, drafts: list[Draft], all_logits: np.ndarray
) -> Iterator[str]:
    """Pushes the drafts that are kept, and one token more.

    Args:
        continuation: the text.
        drafts: how it may go on.
        all_logits: `[len(drafts) + 1, vocab_size]`, what the model says at the place of each
            draft, and behind the last.
    """
    for token, logits in zip(_tokens(continuation, drafts, all_logits), all_logits, strict=False):
        yield continuation.push(token, logits)
        if continuation.finish_reason is not None:
            return


def _tokens(
    continuation: Continuation, drafts: list[Draft], all_logits: np.ndarray
) -> Iterator[int]:
    """What is kept of the drafts, and the token behind."""
    guesses = [draft.token for draft in drafts]
    if drafts and drafts[0].probabilities is not None:
        ids, options, prompt = continuation.ids, continuation.options, continuation.prompt_length
        p = [
            probabilities(logits, ids + guesses[:place], options, prompt)
            for place, logits in enumerate(all_logits)
        ]
        q = [draft.probabilities for draft in drafts]
        yield from verify(guesses, np.array(p), np.array(q), continuation.rng)
        return
    # Nothing was drawn for these drafts: choose as without them, and see whether they are right.
    for guess, logits in zip([*guesses, None], all_logits, strict=True):
        token = continuation.choose(logits)
        yield token
        if token != guess:
            return
