"""Tiny models and inputs, chosen so that a wrong answer has nowhere to hide.

All sizes differ, so that a swapped one shows; nothing is constant or symmetric. Lessons import
MAX only while they run: the command line reads their texts without that wait.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from solutions.solution_01 import GPT2Config

if TYPE_CHECKING:
    from max.experimental.tensor import TensorType

WIDE = GPT2Config(
    vocab_size=19, n_positions=9, n_embd=12, n_layer=2, n_head=3, n_inner=20, layer_norm_epsilon=0.1
)
PLAIN = GPT2Config(vocab_size=23, n_positions=8, n_embd=10, n_layer=1, n_head=2)


def features(*shape: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    """float32 numbers from a normal distribution, the same for the same arguments."""
    rng = np.random.default_rng(zlib.crc32(repr((shape, mean, deviation)).encode()))
    return rng.normal(mean, deviation, shape).astype(np.float32)


def token_ids(config: GPT2Config, batch: int, length: int) -> np.ndarray:
    """int64 ids `[batch, length]` of the vocabulary, in no order, the largest one among them."""
    ids = np.random.default_rng(batch * 100 + length).integers(
        config.vocab_size, size=(batch, length)
    )
    ids[-1, -1] = config.vocab_size - 1
    return ids


def any_features(config: GPT2Config) -> list[TensorType]:
    """The type of `[batch, seq, n_embd]` with symbolic batch and length."""
    from max.driver import CPU
    from max.dtype import DType
    from max.experimental.tensor import TensorType

    return [TensorType(DType.float32, ["batch", "seq", config.n_embd], device=CPU())]


def any_ids() -> list[TensorType]:
    """The type of ids `[batch, seq]`, both symbolic."""
    from max.driver import CPU
    from max.dtype import DType
    from max.experimental.tensor import TensorType

    return [TensorType(DType.int64, ["batch", "seq"], device=CPU())]
