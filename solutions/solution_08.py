"""Step 08: the residual connection.

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
    # BEGIN SOLUTION: normalize x, apply the sublayer, and add the result to x itself.
    return x + sublayer(norm(x))
    # END SOLUTION
