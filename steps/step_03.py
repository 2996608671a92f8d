"""Step 03: layer normalization.

Check it with `pixi run s03` or `uv run gpt2 check 3`;
`gpt2 hint 3` helps. Its chapter is book/src/step_03.md.

Sums of many terms grow and drift as they pass through the layers. Layer norm brings
each token's vector back to mean 0 and variance 1, and then lets the model choose a
scale and a shift for every feature.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor


class LayerNorm(Module[[Tensor], Tensor]):
    """Normalizes the last axis: weight * (x - mean) / sqrt(variance + eps) + bias.

    Parameters: weight `[dim]`, ones at first, and bias `[dim]`, zeros at first.

    Source: Ba, Kiros and Hinton, "Layer Normalization" (2016), section 3.
    """

    def __init__(self, dim: int, *, eps: float = 1e-5) -> None:
        # TODO 1 of 2: keep eps, and create the two parameters.
        #   MAX: Tensor.ones, Tensor.zeros
        raise NotImplementedError("Step 03, TODO 1 of 2")

    def forward(self, x: Tensor) -> Tensor:
        """x `[..., dim]` -> `[..., dim]`, of the same dtype."""
        # TODO 2 of 2: subtract the mean, divide by the standard deviation, scale and shift.
        #   The variance is the mean square of what is left after the mean is gone.
        #   MAX: F.mean (it keeps the axis, with size 1), F.rsqrt
        raise NotImplementedError("Step 03, TODO 2 of 2")
