"""Step 18: guessing ahead.

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
    # BEGIN SOLUTION: go back from the end until the last tokens stand there, too; then take what
    #   followed them, again from its start when it ends.
    ids = list(ids)
    for length in range(LONGEST, SHORTEST - 1, -1):
        for start in range(len(ids) - length - 1, -1, -1):
            if ids[start : start + length] == ids[-length:]:
                followed = ids[start + length :]
                return [followed[i % len(followed)] for i in range(count)]
    return []
    # END SOLUTION


def accept(token: int, p: np.ndarray, q: np.ndarray, rng: np.random.Generator) -> bool:
    """Keeps a guess with probability p(token) / q(token), or 1 where that is more.

    Args:
        token: the guess, drawn from q.
        p: `[vocab_size]`, the probabilities from which the model would draw.
        q: `[vocab_size]`, those from which the guess was drawn.
        rng: decides.
    """
    # BEGIN SOLUTION: draw a number from 0 to 1, and see whether it is below the ratio.
    #   NumPy: Generator.random
    return bool(rng.random() * q[token] < p[token])
    # END SOLUTION


def remainder(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """What to draw from in the place of a guess that was not kept: max(0, p - q), scaled.

    A token that is guessed too often is kept less often. The probability that is missing then
    belongs to the tokens that are guessed too seldom.

    Returns:
        `[vocab_size]`, sums to 1; p itself where p and q are the same.
    """
    # BEGIN SOLUTION: take what p has more than q, and let it sum to 1.
    #   NumPy: np.maximum
    rest = np.maximum(p - q, 0)
    return rest / rest.sum() if rest.any() else p
    # END SOLUTION


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
    # BEGIN SOLUTION: keep guesses while they are accepted; draw one token from the remainder
    #   at the first that is not, or from p behind the last.
    #   NumPy: Generator.choice(n, p=probabilities)
    kept = []
    for place, token in enumerate(drafts):
        if not accept(token, p[place], q[place], rng):
            chances = remainder(p[place], q[place])
            return [*kept, int(rng.choice(len(chances), p=chances))]
        kept.append(token)
    return [*kept, int(rng.choice(len(p[-1]), p=p[-1]))]
    # END SOLUTION
