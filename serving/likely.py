"""How likely a token was, and which others might have stood there."""

import numpy as np
from max.pipelines.context import LogProbabilities

from gpt2.text.candidates import likeliest
from gpt2.text.sampling import log_softmax


def likely(logits: np.ndarray, token: int, count: int) -> LogProbabilities:
    """The log-probability of a token by logits `[vocab_size]`, and the count likeliest ones.

    They are the model's own, before any strategy.
    """
    logs = log_softmax(logits)
    others: dict[int, float] = {}
    if count:
        top = likeliest(logits, count)
        top = np.arange(len(logs)) if top is None else top
        ordered = top[np.lexsort((top, -logs[top]))][:count]
        others = {int(other): float(logs[other]) for other in ordered}
    return LogProbabilities([float(logs[token])], [others], [token])
