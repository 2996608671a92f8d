"""Step 09: the transformer block.

Check it with `pixi run s09` or `uv run gpt2 check 9`;
`gpt2 hint 9` helps. Its chapter is book/src/step_09.md.

One layer of the model: first the tokens talk to each other (attention), then each
thinks for itself (feed-forward). Both only add to the residual stream.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from steps.step_01 import GPT2Config
from steps.step_03 import LayerNorm
from steps.step_04 import GPT2MLP
from steps.step_07 import GPT2MultiHeadAttention
from steps.step_08 import pre_norm_residual


class GPT2Block(Module[[Tensor], Tensor]):
    """Attention and a feed-forward network, each behind a layer norm and inside a residual.

    Children: ln_1, attn, ln_2, mlp.

    Source: Radford et al. (2019), section 2.3.
    """

    def __init__(self, config: GPT2Config) -> None:
        # TODO 1 of 2: create the four children; both norms use the config's epsilon, and
        #   the feed-forward network its inner_dim.
        raise NotImplementedError("Step 09, TODO 1 of 2")

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        # TODO 2 of 2: attention behind ln_1, then the feed-forward network behind ln_2.
        raise NotImplementedError("Step 09, TODO 2 of 2")
