"""Step 14: choosing the next token.

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
    # BEGIN SOLUTION: copy the logits, and lower those of the tokens that are in ids.
    #   Python: set; NumPy: ndarray.copy, np.where
    seen = list(set(ids))
    result = logits.copy()
    result[seen] = np.where(logits[seen] < 0, logits[seen] * penalty, logits[seen] / penalty)
    return result
    # END SOLUTION


def top_k(logits: np.ndarray, k: int) -> np.ndarray:
    """Keeps the k likeliest tokens, and those as likely as the last of them.

    k may be larger than vocab_size: then all are kept.

    Source: Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation" (2018), section 5.4.
    """
    # BEGIN SOLUTION: find the kth largest logit; what is smaller never comes.
    #   NumPy: np.partition or np.sort, np.where
    k = min(k, len(logits))
    smallest_kept = np.partition(logits, -k)[-k]
    return np.where(logits < smallest_kept, NEVER, logits)
    # END SOLUTION


def top_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Keeps the smallest set of likeliest tokens whose probabilities together reach p.

    The likeliest is always kept. Of equal ones at the edge, those with higher ids are.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020), section 3.1.
    """
    # BEGIN SOLUTION: go from the likeliest token to the least likely; keep one while those
    #   before it have not reached p together.
    #   NumPy: np.argsort (kind="stable"), np.cumsum
    probabilities = softmax(logits)
    order = np.argsort(logits, kind="stable")[::-1]  # the likeliest first
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = order[: max(1, np.count_nonzero(before < p))]
    result = np.full_like(logits, NEVER)
    result[kept] = logits[kept]
    return result
    # END SOLUTION


def min_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Keeps the tokens that are at least p times as likely as the likeliest.

    Source: Nguyen et al., "Turning Up the Heat: Min-p Sampling" (2024), section 3.
    """
    # BEGIN SOLUTION: compare each probability with p times the largest.
    probabilities = softmax(logits)
    return np.where(probabilities < p * probabilities.max(), NEVER, logits)
    # END SOLUTION
