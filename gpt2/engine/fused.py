"""A block in one kernel of our own, where MAX would launch some fifteen; on the CPU.

A launch costs microseconds whatever it does, and for one token it does next to nothing.
"""

from max.dtype import DType
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from gpt2.engine.kernels import PagedCache, block
from gpt2.engine.packing import LANES
from gpt2.engine.quantize import BLOCKS
from solutions.solution_09 import GPT2Block


class Panels(Module):
    """What a linear layer multiplies with, in the order in which a kernel reads it.

    Parameters: weight `[outputs / 16, inputs, 16]`, packed by `packing.pack`, and bias.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        self.weight = Tensor.zeros([-(-outputs // LANES), inputs, LANES])
        self.bias = Tensor.zeros([outputs])


class Q4_0Panels(Module):
    """The same with weights of four bits.

    Parameters: weight uint8 `[outputs / 16, inputs / 32, 288]`, made by `packing.pack_q4_0`, and
    bias.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        numbers, size = BLOCKS["q4_0"]
        shape = [-(-outputs // LANES), inputs // numbers, LANES * size]
        self.weight = Tensor.zeros(shape, dtype=DType.uint8)
        self.bias = Tensor.zeros([outputs])


class FusedBlock(GPT2Block):
    """Step 9's block, whose linear layers are Panels."""

    def forward(self, x: Tensor, *cache: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`; the rest is a PagedCache's fields."""
        return block(self, x, PagedCache(*cache))
