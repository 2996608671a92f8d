"""Attention with a cache: keys and values of earlier tokens are kept, not computed again.

A token's key and value depend on the tokens before it only, so they never change once they
are there. A step computes those of its new tokens, writes them behind the others, and attends
to all.
"""

from dataclasses import dataclass

from max.experimental import functional as F
from max.experimental.tensor import Tensor
from max.graph import TensorValue

from gpt2.engine.kernels import cached_attention
from solutions.solution_01 import GPT2Config
from solutions.solution_07 import GPT2MultiHeadAttention
from solutions.solution_09 import GPT2Block


# ANCHOR: cached
@dataclass(frozen=True)
class LayerCache:
    """What one layer's attention needs besides its input.

    Attributes:
        keys: `[batch, n_head, capacity, head_dim]`, written in place.
        values: as keys.
        mask: `[batch, 1, seq, total]`; total counts the tokens in the cache after this step,
            the seq new ones included.
    """

    keys: Tensor
    values: Tensor
    mask: Tensor


class CachedAttention(GPT2MultiHeadAttention):
    """Step 7's attention, over what is in the cache too."""

    cache: LayerCache

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        """As step 7's, for the new tokens alone; its mask knows no earlier tokens, ours does."""
        new, total = query.shape[2], self.cache.mask.shape[3]
        end = TensorValue(total)
        everything = (slice(None), slice(None), (slice(0, end), total))
        last = (slice(None), slice(None), (slice(TensorValue(total - new), end), new))
        F.buffer_store_slice(self.cache.keys, key, last)
        F.buffer_store_slice(self.cache.values, value, last)
        return super().attend(
            query, self.cache.keys[everything], self.cache.values[everything], self.cache.mask
        )
        # ANCHOR_END: cached


class KernelAttention(CachedAttention):
    """The same in one kernel of our own, which copies nothing; on the CPU."""

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        cache = self.cache
        return self.c_proj(cached_attention(self.c_attn(x), cache.mask, cache.keys, cache.values))


# ANCHOR: block
class CachedBlock(GPT2Block):
    """Step 9's block with a cache."""

    def __init__(self, config: GPT2Config, attention: type[CachedAttention]) -> None:
        super().__init__(config)
        self.attn = attention(config)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`; the rest as in LayerCache."""
        self.attn.cache = LayerCache(keys, values, mask)
        return super().forward(x)
        # ANCHOR_END: block
