"""Step 18: guessing ahead.

Check it with `pixi run s18` or `uv run gpt2 check 18`;
`gpt2 hint 18` helps. Its chapter is book/src/step_18.md.

A step of the model reads all weights once, be it for one token or for eight. So somebody
cheaper guesses how the text goes on, the model looks at all guesses at once, and those
that hold are kept. The rule by which they are kept changes nothing about what is written:
each text comes as often as it would have come without guesses.

Sources: Leviathan, Kalman and Matias, "Fast Inference from Transformers via Speculative
Decoding" (2023), section 2.3; Chen et al., "Accelerating Large Language Model Decoding with
Speculative Sampling" (2023).
"""

# ANCHOR: code (the book shows what follows)
from collections.abc import Sequence

import numpy as np

LONGEST, SHORTEST = 3, 2  # how many of the last tokens have to have been there before


def prompt_lookup(ids: Sequence[int], count: int) -> list[int]:
    """Guesses that a text repeats itself: what followed its last tokens before follows again.

    Looks for the last 3 tokens, then for the last 2, and takes the place nearest to the end.
    A text that goes round in circles goes on so: "a b a b" is followed by "a b a b a b ...".

    Args:
        ids: the text so far.
        count: how many tokens to guess.

    Returns:
        count tokens, or none where the last two were never there before.

    Source: Saxena, "Prompt Lookup Decoding" (2023).
    """
    # TODO 1 of 4: go back from the end until the last tokens stand there, too; then take what
    #   followed them, again from its start when it ends.
    raise NotImplementedError("Step 18, TODO 1 of 4")


def accept(token: int, p: np.ndarray, q: np.ndarray, rng: np.random.Generator) -> bool:
    """Keeps a guess with probability p(token) / q(token), or 1 where that is more.

    Args:
        token: the guess, drawn from q.
        p: `[vocab_size]`, the probabilities from which the model would draw.
        q: `[vocab_size]`, those from which the guess was drawn.
        rng: decides.
    """
    # TODO 2 of 4: draw a number from 0 to 1, and see whether it is below the ratio.
    #   NumPy: Generator.random
    raise NotImplementedError("Step 18, TODO 2 of 4")


def remainder(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """What to draw from in the place of a guess that was not kept: max(0, p - q), scaled.

    A token that is guessed too often is kept less often. The probability that is missing then
    belongs to the tokens that are guessed too seldom.

    Returns:
        `[vocab_size]`, sums to 1; p itself where p and q are the same.
    """
    # TODO 3 of 4: take what p has more than q, and let it sum to 1.
    #   NumPy: np.maximum
    raise NotImplementedError("Step 18, TODO 3 of 4")


def verify(
    drafts: Sequence[int], p: np.ndarray, q: np.ndarray, rng: np.random.Generator
) -> list[int]:
    """The tokens that follow a text, of which some were guessed.

    Args:
        drafts: the guesses, one behind the other.
        p: `[len(drafts) + 1, vocab_size]`, from which the model would draw at the place of each
            guess, and behind the last.
        q: `[len(drafts), vocab_size]`, from which each guess was drawn.
        rng: decides.

    Returns:
        The guesses up to the first that is not kept, and one token more: in the place of that
        guess, or behind the last.
    """
    # TODO 4 of 4: keep guesses while they are accepted; draw one token from the remainder
    #   at the first that is not, or from p behind the last.
    #   NumPy: Generator.choice(n, p=probabilities)
    raise NotImplementedError("Step 18, TODO 4 of 4")
