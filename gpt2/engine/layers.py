"""The forms in which the engine keeps a model's weights, and the layers that multiply them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Linear, Module
from max.experimental.tensor import Tensor
from max.graph import ops
from max.graph.quantization import QuantizationEncoding

from gpt2.engine.attention import CachedAttention, KernelAttention
from gpt2.engine.kernels import packed_linear
from gpt2.engine.packing import LANES, MULTIPLE
from gpt2.engine.quantize import BLOCKS
from solutions.solution_01 import GPT2Config
from solutions.solution_05 import TokenEmbedding

quantized_matmul = F.functional(ops.qmatmul)


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


class Q4_0Linear(Module[[Tensor], Tensor]):
    """A linear layer with weights of four bits, by our own kernel.

    Parameters: weight uint8 `[outputs / 16, inputs / 32, 288]`, made by `packing.pack_q4_0`, and
    bias.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        panels = -(-outputs // LANES)
        numbers, size = BLOCKS["q4_0"]
        self.weight = Tensor.zeros([panels, inputs // numbers, LANES * size], dtype=DType.uint8)
        self.bias = Tensor.zeros([outputs])

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, inputs]` -> `[batch, seq, outputs]`."""
        return packed_linear(x, self.weight, self.bias, kernel="q4_0_linear")


class TiedEmbedding(TokenEmbedding):
    """Step 5's table, used at both ends as in step 11."""

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`."""
        return hidden @ self.weight.T


# ANCHOR: quantized_linear
class EmbeddingWithHead(TokenEmbedding):
    """The table twice: as it is, to look up rows, and as a linear layer, to multiply with.

    Parameters: weight `[vocab_size, n_embd]`, of which few rows are ever read, and head.
    """

    def __init__(self, config: GPT2Config, linear: Callable[[int, int], Module]) -> None:
        super().__init__(config)
        self.head = linear(config.n_embd, config.vocab_size)

    def logits(self, hidden: Tensor) -> Tensor:
        """hidden `[batch, seq, n_embd]` -> `[batch, seq, vocab_size]`."""
        return self.head(hidden)


class QuantizedLinear(Module[[Tensor], Tensor]):
    """A linear layer by MAX's product with quantized weights, which rounds x to 8 bits, too.

    Parameters: weight uint8 `[outputs rounded up to 32, bytes of a row]`, made by
    `packing.quantized`, and bias.
    """

    def __init__(self, inputs: int, outputs: int, encoding: QuantizationEncoding) -> None:
        parameters = encoding.block_parameters
        row = inputs // parameters.elements_per_block * parameters.block_size
        self.weight = Tensor.zeros([-(-outputs // MULTIPLE) * MULTIPLE, row], dtype=DType.uint8)
        self.bias = Tensor.zeros([outputs])
        self.encoding = encoding

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, inputs]` -> `[batch, seq, outputs]`."""
        batch, sequence_length, inputs = x.shape
        rows = x.reshape([batch * sequence_length, inputs])
        product = quantized_matmul(self.encoding, None, rows, self.weight)
        outputs = int(self.bias.shape[0])
        return product[:, :outputs].reshape([batch, sequence_length, outputs]) + self.bias
        # ANCHOR_END: quantized_linear


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


def _with_head(linear: Callable[[int, int], Module]) -> Form:
    return Form(linear, partial(EmbeddingWithHead, linear=linear), KernelAttention)


FORMS = {
    "plain": Form(Linear, TiedEmbedding, CachedAttention),  # MAX's own, on any device
    # On the CPU, with kernels of our own:
    "packed": _with_head(PackedLinear),
    "q4_0": _with_head(Q4_0Linear),
    "q6_k": _with_head(partial(QuantizedLinear, encoding=QuantizationEncoding.Q6_K)),
}


def replace_linears(module: Module, linear: Callable[[int, int], Module]) -> None:
    """Puts another kind of linear layer in the place of each, at any depth."""
    for name, child in list(module.children):
        if isinstance(child, Linear):
            outputs, inputs = map(int, child.weight.shape)
            setattr(module, name, linear(inputs, outputs))
        else:
            replace_linears(child, linear)
