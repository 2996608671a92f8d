"""Step 14: choosing the next token.

Check it with `pixi run s14` or `uv run gpt2 check 14`;
`gpt2 hint 14` helps. Its chapter is book/src/step_14.md.

Drawing by the model's own distribution picks, sooner or later, a token that should never
come: each of fifty thousand is unlikely, but they are many. These strategies cut the
unlikely ones off, each by another rule, before the draw of step 12.
"""

# ANCHOR: code (the book shows what follows)
from collections.abc import Sequence

import numpy as np

NEVER = -np.inf  # the logit of a token that must not come


def softmax(logits: np.ndarray) -> np.ndarray:
    """Logits `[vocab_size]` -> probabilities, float64, that sum to 1."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max())
    return exponentials / exponentials.sum()


def repetition_penalty(logits: np.ndarray, ids: Sequence[int], penalty: float) -> np.ndarray:
    """Makes the tokens of the text so far less likely, each once, however often it was there.

    Positive logits are divided by penalty, negative ones multiplied: both go down.

    Args:
        logits: float32 `[vocab_size]`, which stay as they are; and so below.
        ids: the text so far.
        penalty: above 1 makes repetition rarer.

    Returns:
        New logits `[vocab_size]`; and so below.

    Source: Keskar et al., "CTRL" (2019), section 4.1.
    """
    # TODO 1 of 4: copy the logits, and lower those of the tokens that are in ids.
    #   Python: set; NumPy: ndarray.copy, np.where
    raise NotImplementedError("Step 14, TODO 1 of 4")


def top_k(logits: np.ndarray, k: int) -> np.ndarray:
    """Keeps the k likeliest tokens, and those as likely as the last of them.

    k may be larger than vocab_size: then all are kept.

    Source: Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation" (2018), section 5.4.
    """
    # TODO 2 of 4: find the kth largest logit; what is smaller never comes.
    #   NumPy: np.partition or np.sort, np.where
    raise NotImplementedError("Step 14, TODO 2 of 4")


def top_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Keeps the smallest set of likeliest tokens whose probabilities together reach p.

    The likeliest is always kept. Of equal ones at the edge, those with higher ids are.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020), section 3.1.
    """
    # TODO 3 of 4: go from the likeliest token to the least likely; keep one while those
    #   before it have not reached p together.
    #   NumPy: np.argsort (kind="stable"), np.cumsum
    raise NotImplementedError("Step 14, TODO 3 of 4")


def min_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Keeps the tokens that are at least p times as likely as the likeliest.

    Source: Nguyen et al., "Turning Up the Heat: Min-p Sampling" (2024), section 3.
    """
    # TODO 4 of 4: compare each probability with p times the largest.
    raise NotImplementedError("Step 14, TODO 4 of 4")
