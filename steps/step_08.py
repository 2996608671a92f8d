"""Step 08: the residual connection.

Check it with `pixi run s08` or `uv run gpt2 check 8`;
`gpt2 hint 8` helps. Its chapter is book/src/step_08.md.

A layer does not replace what a token knows: it adds to it. The sum runs unbroken from
the embeddings to the head, and each layer reads a normalized copy of it.
"""

# ANCHOR: code (the book shows what follows)
from collections.abc import Callable

from max.experimental.tensor import Tensor


def pre_norm_residual(
    x: Tensor,
    norm: Callable[[Tensor], Tensor],
    sublayer: Callable[[Tensor], Tensor],
) -> Tensor:
    """Adds to x what the sublayer makes of a normalized copy; nothing changes its shape.

    Sources: He et al., "Deep Residual Learning" (2015), section 3.2, for the sum; Radford
    et al. (2019), section 2.3, for the norm at the input of each sublayer.
    """
    # TODO 1 of 1: normalize x, apply the sublayer, and add the result to x itself.
    raise NotImplementedError("Step 08, TODO 1 of 1")
