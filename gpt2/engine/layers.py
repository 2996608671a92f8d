"""The layers that hold the weights, in the forms that the engine chooses between.

A form is a pair of classes: one for the linear layers, and one for the token embedding, whose
table is also the model's head.
"""

from collections.abc import Callable
from dataclasses import dataclass

from max.experimental.nn import Linear, Module
from max.experimental.tensor import Tensor

from gpt2.engine.kernels import few_rows_matmul
from solutions.solution_01 import GPT2Config
from solutions.solution_05 import TokenEmbedding


class FewRowsLinear(Linear):
    """x @ weight.T + bias by the kernel for few rows."""

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, in]` -> `[batch, seq, out]`."""
        return few_rows_matmul(x, self.weight) + self.bias


class TiedEmbedding(TokenEmbedding):
    """Step 5's table, used at both ends as in step 11."""

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`."""
        return hidden @ self.weight.T


class FewRowsEmbedding(TiedEmbedding):
    """The same with the kernel for few rows."""

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`."""
        return few_rows_matmul(hidden, self.weight)


@dataclass(frozen=True)
class Form:
    """How weights are kept and multiplied.

    Attributes:
        linear: makes a linear layer from its numbers of inputs and outputs.
        embedding: makes the token embedding.
    """

    linear: Callable[[int, int], Module]
    embedding: Callable[[GPT2Config], Module]


FORMS = {
    "plain": Form(Linear, TiedEmbedding),
    "few_rows": Form(FewRowsLinear, FewRowsEmbedding),  # on the CPU
}


def replace_linears(module: Module, linear: Callable[[int, int], Module]) -> None:
    """Puts another kind of linear layer in the place of each, at any depth."""
    for name, child in list(module.children):
        if isinstance(child, Linear):
            outputs, inputs = map(int, child.weight.shape)
            setattr(module, name, linear(inputs, outputs))
        else:
            replace_linears(child, linear)
