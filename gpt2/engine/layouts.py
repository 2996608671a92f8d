"""The layouts in which the engine keeps a model's weights, and what multiplies with each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Linear, Module
from max.experimental.tensor import Tensor
from max.graph import ops
from max.graph.quantization import QuantizationEncoding

from gpt2.engine.attention import CachedBlock, KernelAttention
from gpt2.engine.embedding import EmbeddingWithHead, FusedEmbedding, TiedEmbedding
from gpt2.engine.fused import FusedBlock, Panels, Q4_0Panels
from gpt2.engine.kernels import PagedCache
from gpt2.engine.packing import MULTIPLE
from gpt2.engine.quantize import BLOCKS
from solutions.solution_01 import GPT2Config
from solutions.solution_09 import GPT2Block
from solutions.solution_15 import CachedAttention, LayerCache

quantized_matmul = F.functional(ops.qmatmul)


class Q6_KLinear(Module[[Tensor], Tensor]):
    """A linear layer by MAX's product with quantized weights, which rounds x to 8 bits, too.

    Parameters: weight uint8 `[outputs rounded up to 32, bytes of a row]`, made by
    `packing.quantized`, and bias.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        numbers, size = BLOCKS["q6_k"]
        rows = -(-outputs // MULTIPLE) * MULTIPLE
        self.weight = Tensor.zeros([rows, inputs // numbers * size], dtype=DType.uint8)
        self.bias = Tensor.zeros([outputs])

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, inputs]` -> `[batch, seq, outputs]`."""
        batch, sequence_length, inputs = x.shape
        rows = x.reshape([batch * sequence_length, inputs])
        product = quantized_matmul(QuantizationEncoding.Q6_K, None, rows, self.weight)
        outputs = int(self.bias.shape[0])
        return product[:, :outputs].reshape([batch, sequence_length, outputs]) + self.bias


@dataclass(frozen=True)
class WeightLayout:
    """How weights are kept and multiplied.

    Attributes:
        block: makes a block.
        embedding: makes the token embedding, with a method for the logits.
        paged: whether the cache is in pages, as a PagedCache's, and not as a LayerCache's.
        linear: what takes the place of each linear layer of a block.
    """

    block: Callable[[GPT2Config], GPT2Block]
    embedding: Callable[[GPT2Config], Module]
    paged: bool = True
    linear: Callable[[int, int], Module] = Linear


LAYOUTS = {
    # MAX's own, on any device:
    "plain": WeightLayout(
        partial(CachedBlock, attention=CachedAttention, cache=LayerCache), TiedEmbedding, False
    ),
    # On the CPU, with kernels of our own:
    "packed": WeightLayout(FusedBlock, partial(FusedEmbedding, linear=Panels), linear=Panels),
    "q4_0": WeightLayout(FusedBlock, partial(FusedEmbedding, linear=Q4_0Panels), linear=Q4_0Panels),
    "q6_k": WeightLayout(
        partial(CachedBlock, attention=KernelAttention, cache=PagedCache),
        partial(EmbeddingWithHead, linear=Q6_KLinear),
        linear=Q6_KLinear,
    ),
}


def replace_linears(module: Module, linear: Callable[[int, int], Module]) -> None:
    """Puts another kind of linear layer in the place of each, at any depth."""
    for name, child in list(module.children):
        if isinstance(child, Linear):
            outputs, inputs = map(int, child.weight.shape)
            setattr(module, name, linear(inputs, outputs))
        else:
            replace_linears(child, linear)
