"""Attention with a cache in a block: step 15's."""

from max.experimental.tensor import Tensor

from solutions.solution_01 import GPT2Config
from solutions.solution_09 import GPT2Block
from solutions.solution_15 import CachedAttention, LayerCache


# ANCHOR: block
class CachedBlock(GPT2Block):
    """Step 9's block with step 15's cache."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__(config)
        self.attn = CachedAttention(config)

    def forward(self, x: Tensor, *cache: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`; the rest is the cache's fields."""
        self.attn.cache = LayerCache(*cache)
        return super().forward(x)
        # ANCHOR_END: block
