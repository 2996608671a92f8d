"""How likely a token was, and which others might have stood there."""

import numpy as np
from max.pipelines.context import LogProbabilities

from gpt2.text.sampling import log_softmax


def likely(logits: np.ndarray, token: int, count: int) -> LogProbabilities:
    """The log-probability of a token by logits `[vocab_size]`, and the count likeliest ones.

    They are the model's own, before any strategy.
    """
    logs = log_softmax(logits)
    count = min(count, len(logs))
    top = np.argpartition(-logs, count - 1)[:count] if count else np.array([], int)
    ordered = top[np.lexsort((top, -logs[top]))]
    others = {int(other): float(logs[other]) for other in ordered}
    return LogProbabilities([float(logs[token])], [others], [token])
