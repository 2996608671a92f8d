"""The forms in which the engine keeps a model's weights, and the layers that multiply them."""

from collections.abc import Callable
from dataclasses import dataclass

from max.experimental.nn import Linear, Module
from max.experimental.tensor import Tensor

from gpt2.engine.attention import CachedAttention, KernelAttention
from gpt2.engine.kernels import LANES, packed_linear
from solutions.solution_01 import GPT2Config
from solutions.solution_05 import TokenEmbedding


class PackedLinear(Module[[Tensor], Tensor]):
    """A linear layer by our own kernel.

    Parameters: weight `[outputs / 16, inputs, 16]`, packed by `packing.pack`, and bias.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        self.weight = Tensor.zeros([-(-outputs // LANES), inputs, LANES])
        self.bias = Tensor.zeros([outputs])

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, inputs]` -> `[batch, seq, outputs]`."""
        return packed_linear(x, self.weight, self.bias)


class TiedEmbedding(TokenEmbedding):
    """Step 5's table, used at both ends as in step 11."""

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`."""
        return hidden @ self.weight.T


class PackedEmbedding(TokenEmbedding):
    """The table as it is, to look up rows, and packed, to multiply with.

    Parameters: weight `[vocab_size, n_embd]`, of which few rows are ever read, and head.
    """

    def __init__(self, config: GPT2Config) -> None:
        super().__init__(config)
        self.head = PackedLinear(config.n_embd, config.vocab_size)

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`."""
        return self.head(hidden)


@dataclass(frozen=True)
class Form:
    """How weights are kept and multiplied.

    Attributes:
        linear: makes a linear layer from its numbers of inputs and outputs.
        embedding: makes the token embedding, with a method for the logits.
        attention: the class of the attention.
    """

    linear: Callable[[int, int], Module]
    embedding: Callable[[GPT2Config], Module]
    attention: type[CachedAttention]


FORMS = {
    "plain": Form(Linear, TiedEmbedding, CachedAttention),  # MAX's own, on any device
    "packed": Form(PackedLinear, PackedEmbedding, KernelAttention),  # on the CPU
}


def replace_linears(module: Module, linear: Callable[[int, int], Module]) -> None:
    """Puts another kind of linear layer in the place of each, at any depth."""
    for name, child in list(module.children):
        if isinstance(child, Linear):
            outputs, inputs = map(int, child.weight.shape)
            setattr(module, name, linear(inputs, outputs))
        else:
            replace_linears(child, linear)
