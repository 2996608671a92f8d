"""The token table at both ends of the model: to look up rows, and to multiply with for logits."""

from collections.abc import Callable

from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from gpt2.engine.kernels import head
from solutions.solution_01 import GPT2Config
from solutions.solution_03 import LayerNorm
from solutions.solution_05 import TokenEmbedding


class TiedEmbedding(TokenEmbedding):
    """Step 5's table, used twice as in step 11."""

    def logits(self, x: Tensor, norm: LayerNorm) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`, behind the last norm."""
        return norm(x) @ self.weight.T


class EmbeddingWithHead(TokenEmbedding):
    """The table in two copies: as it is, to look up rows, and as a linear layer.

    Parameters: weight `[vocab_size, n_embd]`, of which few rows are ever read, and head.
    """

    def __init__(self, config: GPT2Config, linear: Callable[[int, int], Module]) -> None:
        super().__init__(config)
        self.head = linear(config.n_embd, config.vocab_size)

    def logits(self, x: Tensor, norm: LayerNorm) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`, behind the last norm."""
        return self.head(norm(x))


class FusedEmbedding(EmbeddingWithHead):
    """The same with norm and product in one kernel."""

    def logits(self, x: Tensor, norm: LayerNorm) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`, behind the last norm."""
        return head(x, norm, self.head)
