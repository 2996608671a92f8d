"""Step 02: the causal mask.

Check it with `pixi run s02` or `uv run gpt2 check 2`;
`gpt2 hint 2` helps. Its chapter is book/src/step_02.md.

A language model predicts the next token, so no position may look at a later one.
The mask is added to the attention scores: 0 changes nothing, and minus infinity
becomes a probability of exactly 0 in the softmax.
"""

# ANCHOR: code (the book shows what follows)
from max.driver import Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.tensor import Tensor
from max.graph import Dim, DimLike


def causal_mask(
    sequence_length: DimLike, past_length: int = 0, *, dtype: DType, device: Device
) -> Tensor:
    """Says which keys each query may see.

    Query i is at position past_length + i of the text, because past_length earlier
    tokens have been through the model already. It sees the keys 0 to past_length + i.

    Args:
        sequence_length: how many queries there are; a number, or a symbolic size of a graph.
        past_length: how many keys come before the first query.
        dtype: the float type of the scores that the mask is added to.
        device: where the mask is made.

    Returns:
        `[sequence_length, past_length + sequence_length]`, 0 where key j <= past_length
        + query i, minus infinity elsewhere.

    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.3.
    """
    # TODO 1 of 1: fill the whole mask with minus infinity, then let the band that reaches
    #   past_length places to the right of the diagonal become 0.
    #   MAX: Tensor.full, F.band_part (num_upper, exclude)
    raise NotImplementedError("Step 02, TODO 1 of 1")
