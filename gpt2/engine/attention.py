"""Attention with a cache in a block: step 15's, and by a kernel of our own."""

from collections.abc import Callable

from max.experimental.tensor import Tensor

from gpt2.engine.kernels import PagedCache, cached_attention
from solutions.solution_01 import GPT2Config
from solutions.solution_07 import GPT2MultiHeadAttention
from solutions.solution_09 import GPT2Block


class KernelAttention(GPT2MultiHeadAttention):
    """Attention in one kernel, over a cache in pages, without a copy of anything; on the CPU."""

    cache: PagedCache

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        return self.c_proj(cached_attention(self.c_attn(x), self.cache))


# ANCHOR: block
class CachedBlock(GPT2Block):
    """Step 9's block with a cache."""

    def __init__(
        self,
        config: GPT2Config,
        attention: type[GPT2MultiHeadAttention],
        cache: Callable[..., object],
    ) -> None:
        """attention: its class, whose attribute cache is set; cache: the class of that."""
        super().__init__(config)
        self.attn = attention(config)
        self._make_cache = cache

    def forward(self, x: Tensor, *cache: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`; the rest is the cache's fields."""
        self.attn.cache = self._make_cache(*cache)
        return super().forward(x)
        # ANCHOR_END: block
