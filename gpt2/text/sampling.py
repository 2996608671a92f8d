"""Which token comes next: strategies that reshape a distribution, then a draw.

A strategy takes logits `[vocab_size]` and returns logits of the same shape, in which minus
infinity means never. `reshaped` applies those asked for, in the order in which
transformers' `generate` applies its logits processors, and with the same results.
"""

from collections.abc import Sequence

import numpy as np

from gpt2.text.options import Options

NEVER = -np.inf


# ANCHOR: reshape
def repetition_penalty(logits: np.ndarray, ids: Sequence[int], penalty: float) -> np.ndarray:
    """Makes tokens of the text so far less likely: positive logits / penalty, negative * penalty.

    Source: Keskar et al., "CTRL" (2019), section 4.1.
    """
    seen = np.unique(ids)
    logits = logits.copy()
    logits[seen] *= np.where(logits[seen] < 0, penalty, 1 / penalty)
    return logits


def temperature(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Below 1 the likely tokens gain, above 1 the unlikely ones."""
    return logits / temperature
    # ANCHOR_END: reshape


# ANCHOR: top_k
def top_k(logits: np.ndarray, k: int) -> np.ndarray:
    """Keeps the k likeliest tokens, and those as likely as the last of them.

    Source: Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation" (2018), section 5.4.
    """
    k = min(k, len(logits))
    smallest_kept = np.partition(logits, -k)[-k]
    return np.where(logits < smallest_kept, NEVER, logits)
    # ANCHOR_END: top_k


# ANCHOR: top_p
def top_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Keeps the smallest set of likeliest tokens whose probabilities together reach p.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020), section 3.1.
    """
    probabilities = softmax(logits)
    # Tokens below this, all together, have less than the 1 - p that goes: sort only the others.
    (candidates,) = np.nonzero(probabilities >= (1 - p) / len(logits))
    candidates = candidates[np.argsort(-probabilities[candidates], kind="stable")]
    mass_before = np.cumsum(probabilities[candidates]) - probabilities[candidates]
    mass_before[0] = -1  # the likeliest stays, even where p is 0
    kept = candidates[mass_before < p]
    result = np.full_like(logits, NEVER)
    result[kept] = logits[kept]
    return result
    # ANCHOR_END: top_p


# ANCHOR: min_p
def min_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Keeps the tokens that are at least p times as likely as the likeliest.

    Source: Nguyen et al., "Turning Up the Heat: Min-p Sampling" (2024), section 3.
    """
    # p(token) / p(likeliest) = exp(logit - largest logit)
    return np.where(logits - logits.max() < np.log(p), NEVER, logits)
    # ANCHOR_END: min_p


def softmax(logits: np.ndarray) -> np.ndarray:
    """Logits `[vocab_size]` -> probabilities, float64, that sum to 1."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max())
    return exponentials / exponentials.sum()


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logits `[vocab_size]` -> natural logarithms of probabilities, float64."""
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def reshaped(logits: np.ndarray, ids: Sequence[int], options: Options) -> np.ndarray:
    """The model's logits `[vocab_size]` after all strategies but greedy choice.

    Args:
        logits: what the model says after ids.
        ids: the text so far.
        options: which strategies, and how far.
    """
    # ANCHOR: order
    if options.repetition_penalty != 1:
        logits = repetition_penalty(logits, ids, options.repetition_penalty)
    if options.greedy:
        return logits
    if options.temperature != 1:
        logits = temperature(logits, options.temperature)
    if options.top_k:
        logits = top_k(logits, options.top_k)
    if options.top_p < 1:
        logits = top_p(logits, options.top_p)
    if options.min_p:
        logits = min_p(logits, options.min_p)
    return logits
    # ANCHOR_END: order


def probabilities(logits: np.ndarray, ids: Sequence[int], options: Options) -> np.ndarray:
    """What a draw is made from, `[vocab_size]`; greedy choice is certain of one token."""
    logits = reshaped(logits, ids, options)
    if options.greedy:
        certain = np.zeros(len(logits))
        certain[logits.argmax()] = 1.0
        return certain
    return softmax(logits)


def choose(
    logits: np.ndarray, ids: Sequence[int], options: Options, rng: np.random.Generator
) -> int:
    """The next token after ids, of which the model said logits `[vocab_size]`."""
    if options.greedy:
        return int(reshaped(logits, ids, options).argmax())
    chances = probabilities(logits, ids, options)
    return int(rng.choice(len(chances), p=chances))
