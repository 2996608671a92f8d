"""Which token comes next: strategies that reshape a distribution, then a draw.

The strategies are step 14's, in the order in which transformers' `generate` applies its logits
processors, and with the same results.
"""

from collections.abc import Sequence

import numpy as np

from gpt2.text.candidates import Candidates
from gpt2.text.options import Options
from solutions.solution_14 import repetition_penalty


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Logits `[vocab_size]` -> natural logarithms of probabilities, float64."""
    shifted = logits.astype(np.float64) - logits.max()
    shifted -= np.log(np.exp(shifted).sum())
    return shifted


def frequency_penalty(
    logits: np.ndarray, written: Sequence[int], each: float, once: float
) -> np.ndarray:
    """Lowers the logits of tokens that were written, by each for every time, and by once.

    Source: OpenAI's API reference, `frequency_penalty` and `presence_penalty`.
    """
    tokens = np.asarray(written, np.int64)
    counts = np.bincount(tokens)[tokens]
    result = logits.copy()
    result[tokens] -= (counts * each + once).astype(logits.dtype)  # sets, where it stands twice
    return result


def penalized(
    logits: np.ndarray, ids: Sequence[int], options: Options, prompt: int = 0
) -> np.ndarray:
    """The model's logits `[vocab_size]` after the penalties.

    Args:
        logits: what the model says after ids.
        ids: the text so far.
        options: which penalties, and how far.
        prompt: how many of ids are the prompt's; the others were written.
    """
    # ANCHOR: order
    if options.repetition_penalty != 1:
        logits = repetition_penalty(logits, ids, options.repetition_penalty)
    if options.frequency_penalty or options.presence_penalty:
        each, once = options.frequency_penalty, options.presence_penalty
        logits = frequency_penalty(logits, ids[prompt:], each, once)
    return logits


def candidates(logits: np.ndarray, options: Options) -> Candidates:
    """The tokens that may come by penalized logits `[vocab_size]`, unless choice is greedy."""
    if options.temperature != 1:
        logits = logits / options.temperature
    tokens = Candidates(logits)
    if options.top_k:
        tokens.top_k(options.top_k)
    if options.top_p < 1:
        tokens.top_p(options.top_p)
    if options.min_p:
        tokens.min_p(options.min_p)
    return tokens
    # ANCHOR_END: order


def probabilities(
    logits: np.ndarray, ids: Sequence[int], options: Options, prompt: int = 0
) -> np.ndarray:
    """What a draw is made from, `[vocab_size]`; greedy choice is certain of one token."""
    logits = penalized(logits, ids, options, prompt)
    if options.greedy:
        certain = np.zeros(len(logits))
        certain[logits.argmax()] = 1.0
        return certain
    return candidates(logits, options).probabilities()


def choose(
    logits: np.ndarray,
    ids: Sequence[int],
    options: Options,
    rng: np.random.Generator,
    prompt: int = 0,
) -> int:
    """The next token after ids, of which the model said logits `[vocab_size]`."""
    logits = penalized(logits, ids, options, prompt)
    if options.greedy:
        return int(logits.argmax())
    return candidates(logits, options).draw(rng.random())
