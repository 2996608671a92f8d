"""Which token comes next: strategies that reshape a distribution, then a draw.

The strategies are step 14's. `reshaped` applies those asked for, in the order in which
transformers' `generate` applies its logits processors, and with the same results.
"""

from collections.abc import Sequence

import numpy as np

from gpt2.text.options import Options
from solutions import solution_14
from solutions.solution_14 import NEVER, min_p, repetition_penalty, softmax, top_k


# ANCHOR: top_p
def top_p(logits: np.ndarray, p: float) -> np.ndarray:
    """Step 14's, of those tokens alone that may be among the likeliest: it sorts them."""
    probabilities = softmax(logits)
    # Tokens below this, all together, have less than the 1 - p that goes.
    (candidates,) = np.nonzero(probabilities >= (1 - p) / len(logits))
    result = np.full_like(logits, NEVER)
    share = probabilities[candidates].sum()
    result[candidates] = solution_14.top_p(logits[candidates], p / share)
    return result
    # ANCHOR_END: top_p


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logits `[vocab_size]` -> natural logarithms of probabilities, float64."""
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def frequency_penalty(
    logits: np.ndarray, written: Sequence[int], each: float, once: float
) -> np.ndarray:
    """Lowers the logits of tokens that were written, by each for every time, and by once.

    Source: OpenAI's API reference, `frequency_penalty` and `presence_penalty`.
    """
    tokens, counts = np.unique(np.asarray(written, np.int64), return_counts=True)
    result = logits.copy()
    result[tokens] -= (counts * each + once).astype(logits.dtype)
    return result


def reshaped(
    logits: np.ndarray, ids: Sequence[int], options: Options, prompt: int = 0
) -> np.ndarray:
    """The model's logits `[vocab_size]` after all strategies but greedy choice.

    Args:
        logits: what the model says after ids.
        ids: the text so far.
        options: which strategies, and how far.
        prompt: how many of ids are the prompt's; the others were written.
    """
    # ANCHOR: order
    if options.repetition_penalty != 1:
        logits = repetition_penalty(logits, ids, options.repetition_penalty)
    if options.frequency_penalty or options.presence_penalty:
        each, once = options.frequency_penalty, options.presence_penalty
        logits = frequency_penalty(logits, ids[prompt:], each, once)
    if options.greedy:
        return logits
    if options.temperature != 1:
        logits = logits / options.temperature
    if options.top_k:
        logits = top_k(logits, options.top_k)
    if options.top_p < 1:
        logits = top_p(logits, options.top_p)
    if options.min_p:
        logits = min_p(logits, options.min_p)
    return logits
    # ANCHOR_END: order


def probabilities(
    logits: np.ndarray, ids: Sequence[int], options: Options, prompt: int = 0
) -> np.ndarray:
    """What a draw is made from, `[vocab_size]`; greedy choice is certain of one token."""
    logits = reshaped(logits, ids, options, prompt)
    if options.greedy:
        certain = np.zeros(len(logits))
        certain[logits.argmax()] = 1.0
        return certain
    return softmax(logits)


def choose(
    logits: np.ndarray,
    ids: Sequence[int],
    options: Options,
    rng: np.random.Generator,
    prompt: int = 0,
) -> int:
    """The next token after ids, of which the model said logits `[vocab_size]`."""
    if options.greedy:
        return int(reshaped(logits, ids, options, prompt).argmax())
    chances = probabilities(logits, ids, options, prompt)
    return int(rng.choice(len(chances), p=chances))
