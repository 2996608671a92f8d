"""GPT-2 in NumPy, float32, everything again for each token: what the cache is measured by."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.weights import read


class NumPyLoop:
    """The whole model in a few functions; linear weights are `[in, out]`, as in the file."""

    def __init__(self, folder: Path) -> None:
        weights = read(folder)
        self._config, self._arrays = weights.config, weights.arrays

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        ids = list(ids)
        for _ in range(count):
            ids.append(int(self._logits(ids).argmax()))
            yield ids[-1]

    def _logits(self, ids: list[int]) -> np.ndarray:
        """The logits `[vocab_size]` of what follows ids."""
        x = self._arrays["wte.weight"][ids] + self._arrays["wpe.weight"][: len(ids)]
        for layer in range(self._config.n_layer):
            block = f"h.{layer}"
            x = x + self._attention(self._norm(x, f"{block}.ln_1"), f"{block}.attn")
            hidden = self._linear(self._norm(x, f"{block}.ln_2"), f"{block}.mlp.c_fc")
            x = x + self._linear(_gelu(hidden), f"{block}.mlp.c_proj")
        return self._arrays["wte.weight"] @ self._norm(x[-1:], "ln_f")[0]

    def _attention(self, x: np.ndarray, name: str) -> np.ndarray:
        """x `[seq, n_embd]` -> `[seq, n_embd]`."""
        seq, heads = len(x), self._config.n_head
        qkv = self._linear(x, f"{name}.c_attn").reshape(seq, 3, heads, -1)
        query, key, value = qkv.transpose(1, 2, 0, 3)  # each [n_head, seq, head_dim]
        scores = query @ key.swapaxes(1, 2) / np.sqrt(np.float32(self._config.head_dim))
        scores += np.triu(np.full((seq, seq), -np.inf, np.float32), k=1)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = (weights @ value).swapaxes(0, 1).reshape(seq, -1)
        return self._linear(mixed, f"{name}.c_proj")

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self._arrays[f"{name}.weight"] + self._arrays[f"{name}.bias"]

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        normal = centred / np.sqrt(variance + np.float32(self._config.layer_norm_epsilon))
        return normal * self._arrays[f"{name}.weight"] + self._arrays[f"{name}.bias"]


def _gelu(x: np.ndarray) -> np.ndarray:
    return x / 2 * (1 + np.tanh(np.sqrt(np.float32(2 / np.pi)) * (x + np.float32(0.044715) * x**3)))
