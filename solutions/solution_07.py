"""Step 07: multi-head attention.

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

from solutions.solution_01 import GPT2Config
from solutions.solution_02 import causal_mask


class GPT2MultiHeadAttention(Module[[Tensor], Tensor]):
    """Causal self-attention with n_head heads.

    Parameters: c_attn (n_embd to 3 * n_embd: queries, keys and values, in this order) and
    c_proj (n_embd to n_embd), both with a bias.

    Source: Vaswani et al., "Attention Is All You Need" (2017), sections 3.2.1 and 3.2.2.
    """

    def __init__(self, config: GPT2Config) -> None:
        # BEGIN SOLUTION: keep n_head and head_dim, and create c_attn and c_proj.
        #   MAX: Linear(in_dim, out_dim)
        self.n_head = config.n_head
        self.head_dim = config.head_dim
        self.c_attn = Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = Linear(config.n_embd, config.n_embd)
        # END SOLUTION

    def split_heads(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, n_head, seq, head_dim]`."""
        # BEGIN SOLUTION: cut the features into n_head pieces, then move the heads before seq.
        #   MAX: Tensor.reshape, Tensor.transpose
        batch, sequence_length, _ = x.shape
        x = x.reshape([batch, sequence_length, self.n_head, self.head_dim])
        return x.transpose(1, 2)  # [batch, n_head, seq, head_dim]
        # END SOLUTION

    def merge_heads(self, x: Tensor) -> Tensor:
        """x `[batch, n_head, seq, head_dim]` -> `[batch, seq, n_embd]`: undoes split_heads."""
        # BEGIN SOLUTION: move the heads behind seq, then join them into one axis.
        #   MAX: Tensor.transpose, Tensor.reshape
        batch, _, sequence_length, _ = x.shape
        x = x.transpose(1, 2)  # [batch, seq, n_head, head_dim]
        return x.reshape([batch, sequence_length, self.n_head * self.head_dim])
        # END SOLUTION

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
        # BEGIN SOLUTION: score every key by its product with the query, divided by the root of
        #   a head's width; hide what the mask hides; make shares of the scores, and mix by them.
        #   MAX: Tensor.transpose, the operator @, F.softmax
        scores = query @ key.transpose(2, 3) / math.sqrt(self.head_dim)
        weights = F.softmax(scores + mask)  # [batch, n_head, seq, total], each row sums to 1
        return weights @ value  # [batch, n_head, seq, head_dim]
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        # BEGIN SOLUTION: make queries, keys and values with c_attn, split their heads, attend
        #   under the causal mask, merge the heads, and finish with c_proj.
        #   MAX: F.split(x, sizes, axis=...)
        n_embd = self.n_head * self.head_dim
        query, key, value = F.split(self.c_attn(x), [n_embd, n_embd, n_embd], axis=-1)
        mask = causal_mask(x.shape[1], dtype=x.dtype, device=x.device)  # [seq, seq]
        mixed = self.attend(
            self.split_heads(query), self.split_heads(key), self.split_heads(value), mask
        )
        return self.c_proj(self.merge_heads(mixed))  # [batch, seq, n_embd]
        # END SOLUTION
