"""Step 09: the transformer block.

One layer of the model: first the tokens talk to each other (attention), then each
thinks for itself (feed-forward). Both only add to the residual stream.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from solutions.solution_01 import GPT2Config
from solutions.solution_03 import LayerNorm
from solutions.solution_04 import GPT2MLP
from solutions.solution_07 import GPT2MultiHeadAttention
from solutions.solution_08 import pre_norm_residual


class GPT2Block(Module[[Tensor], Tensor]):
    """Attention and a feed-forward network, each behind a layer norm and inside a residual.

    Children: ln_1, attn, ln_2, mlp.

    Source: Radford et al. (2019), section 2.3.
    """

    def __init__(self, config: GPT2Config) -> None:
        # BEGIN SOLUTION: create the four children; both norms use the config's epsilon, and
        #   the feed-forward network its inner_dim.
        self.ln_1 = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = GPT2MultiHeadAttention(config)
        self.ln_2 = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = GPT2MLP(config.inner_dim, config)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        # BEGIN SOLUTION: attention behind ln_1, then the feed-forward network behind ln_2.
        x = pre_norm_residual(x, self.ln_1, self.attn)
        return pre_norm_residual(x, self.ln_2, self.mlp)
        # END SOLUTION
