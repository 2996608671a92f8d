"""Step 15's attention in a block, and the same by a kernel of our own."""

from max.experimental.tensor import Tensor

from gpt2.engine.kernels import cached_attention
from solutions.solution_01 import GPT2Config
from solutions.solution_09 import GPT2Block
from solutions.solution_15 import CachedAttention, LayerCache


class KernelAttention(CachedAttention):
    """The same in one kernel, which copies nothing; on the CPU."""

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
