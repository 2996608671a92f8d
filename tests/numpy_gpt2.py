"""GPT-2's formulas in NumPy, float64, written for the tests from the papers."""

import numpy as np
from numpy import ndarray

Weights = dict[str, ndarray]


def under(weights: Weights, prefix: str) -> Weights:
    """The weights whose names begin with prefix and a dot, without it."""
    return {
        name.removeprefix(prefix + "."): value
        for name, value in weights.items()
        if name.startswith(prefix + ".")
    }


def softmax(x: ndarray) -> ndarray:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def causal_mask(sequence_length: int, past_length: int = 0) -> ndarray:
    mask = np.zeros((sequence_length, past_length + sequence_length))
    for query in range(sequence_length):
        mask[query, past_length + query + 1 :] = -np.inf
    return mask


def layer_norm(x: ndarray, w: Weights, eps: float) -> ndarray:
    deviation = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    return (x - x.mean(axis=-1, keepdims=True)) / deviation * w["weight"] + w["bias"]


def linear(x: ndarray, w: Weights) -> ndarray:
    return np.einsum("...i,oi->...o", x, w["weight"]) + w["bias"]


def mlp(x: ndarray, w: Weights) -> ndarray:
    hidden = linear(x, under(w, "c_fc"))
    inner = np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)
    return linear(0.5 * hidden * (1 + np.tanh(inner)), under(w, "c_proj"))


def attention(x: ndarray, w: Weights, n_head: int) -> ndarray:
    n_embd = x.shape[-1]
    width = n_embd // n_head
    qkv = linear(x, under(w, "c_attn"))
    mixed = np.empty_like(x)
    for head in range(n_head):
        query, key, value = (
            qkv[..., part * n_embd + head * width :][..., :width] for part in range(3)
        )
        scores = np.einsum("bid,bjd->bij", query, key) / np.sqrt(width)
        weights = softmax(scores + causal_mask(x.shape[1]))
        mixed[..., head * width :][..., :width] = np.einsum("bij,bjd->bid", weights, value)
    return linear(mixed, under(w, "c_proj"))


def block(x: ndarray, w: Weights, n_head: int, eps: float) -> ndarray:
    x = x + attention(layer_norm(x, under(w, "ln_1"), eps), under(w, "attn"), n_head)
    return x + mlp(layer_norm(x, under(w, "ln_2"), eps), under(w, "mlp"))


def model(ids: ndarray, w: Weights, n_layer: int, n_head: int, eps: float) -> ndarray:
    x = w["wte.weight"][ids] + w["wpe.weight"][: ids.shape[1]]
    for layer in range(n_layer):
        x = block(x, under(w, f"h.{layer}"), n_head, eps)
    return layer_norm(x, under(w, "ln_f"), eps)


def lm_head_model(ids: ndarray, w: Weights, n_layer: int, n_head: int, eps: float) -> ndarray:
    w = under(w, "transformer")
    return model(ids, w, n_layer, n_head, eps) @ w["wte.weight"].T
