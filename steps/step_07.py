"""Step 07: multi-head attention.

Check it with `pixi run s07` or `uv run gpt2 check 7`;
`gpt2 hint 7` helps. Its chapter is book/src/step_07.md.

The one place where tokens exchange information. Each token asks a question (query),
offers a label (key) and a content (value); it then takes the contents of the earlier
tokens, mixed in proportion to how well their labels answer its question. Several
heads do this side by side, each in its own slice of the features.
"""

# ANCHOR: code (the book shows what follows)
import math

from max.experimental import functional as F
from max.experimental.nn import Linear, Module
from max.experimental.tensor import Tensor

from steps.step_01 import GPT2Config
from steps.step_02 import causal_mask


class GPT2MultiHeadAttention(Module[[Tensor], Tensor]):
    """Causal self-attention with n_head heads.

    Parameters: c_attn (n_embd to 3 * n_embd: queries, keys and values, in this order) and
    c_proj (n_embd to n_embd), both with a bias.

    Source: Vaswani et al., "Attention Is All You Need" (2017), sections 3.2.1 and 3.2.2.
    """

    def __init__(self, config: GPT2Config) -> None:
        # TODO 1 of 5: keep n_head and head_dim, and create c_attn and c_proj.
        #   MAX: Linear(in_dim, out_dim)
        raise NotImplementedError("Step 07, TODO 1 of 5")

    def split_heads(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, n_head, seq, head_dim]`."""
        # TODO 2 of 5: cut the features into n_head pieces, then move the heads before seq.
        #   MAX: Tensor.reshape, Tensor.transpose
        raise NotImplementedError("Step 07, TODO 2 of 5")

    def merge_heads(self, x: Tensor) -> Tensor:
        """x `[batch, n_head, seq, head_dim]` -> `[batch, seq, n_embd]`: undoes split_heads."""
        # TODO 3 of 5: move the heads behind seq, then join them into one axis.
        #   MAX: Tensor.transpose, Tensor.reshape
        raise NotImplementedError("Step 07, TODO 3 of 5")

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        """Mixes the values, for each query, by how well its key fits.

        Args:
            query: `[batch, n_head, seq, head_dim]`.
            key: `[batch, n_head, total, head_dim]`.
            value: `[batch, n_head, total, head_dim]`.
            mask: `[seq, total]`, added to the scores.

        Returns:
            `[batch, n_head, seq, head_dim]`.
        """
        # TODO 4 of 5: score every key by its product with the query, divided by the root of
        #   a head's width; hide what the mask hides; make shares of the scores, and mix by them.
        #   MAX: Tensor.transpose, the operator @, F.softmax
        raise NotImplementedError("Step 07, TODO 4 of 5")

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        # TODO 5 of 5: make queries, keys and values with c_attn, split their heads, attend
        #   under the causal mask, merge the heads, and finish with c_proj.
        #   MAX: F.split(x, sizes, axis=...)
        raise NotImplementedError("Step 07, TODO 5 of 5")
