"""Step 15: the cache of keys and values.

Check it with `pixi run s15` or `uv run gpt2 check 15`;
`gpt2 hint 15` helps. Its chapter is book/src/step_15.md.

Step 12 computes the whole text again for each token. But a token's key and value depend
on the tokens before it only: once computed, they stay as they are. So they are kept, and a
step computes those of its new tokens alone.
"""

# ANCHOR: code (the book shows what follows)
from dataclasses import dataclass

from max.experimental.tensor import Tensor
from max.graph import TensorValue

from steps.step_07 import GPT2MultiHeadAttention


@dataclass(frozen=True)
class LayerCache:
    """What the attention of one layer needs besides its input.

    Attributes:
        keys: `[batch, n_head, capacity, head_dim]`, to be written in place.
        values: as keys.
        mask: `[..., seq, total]`, added to the scores; total counts the tokens in the cache after
            this step, the seq new ones included. Step 2 makes it: causal_mask(seq, total - seq).
    """

    keys: Tensor
    values: Tensor
    mask: Tensor


class CachedAttention(GPT2MultiHeadAttention):
    """Step 7's attention, over the tokens in a cache as well.

    Whoever calls it puts a LayerCache into its attribute cache before.

    Source: Pope et al., "Efficiently Scaling Transformer Inference" (2022), section 2.
    """

    cache: LayerCache

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        """Writes the new keys and values behind those in the cache, and attends to all.

        Args:
            query: `[batch, n_head, seq, head_dim]`, of the new tokens; and so key and value.
            key: goes to the places total - seq to total of the cache's keys.
            value: goes to the same places of its values.
            mask: step 7's, which knows no earlier tokens; the cache's takes its place.

        Returns:
            `[batch, n_head, seq, head_dim]`.
        """
        # TODO 1 of 1: store key and value in their places; then let step 7 attend, with the
        #   keys and values of all total tokens, under the cache's mask.
        #   MAX: Tensor.shape, keys[:, :, :end], keys[:, :, (slice(start, end), length)] = key;
        #   to store, start and end have to be TensorValue(size)
        raise NotImplementedError("Step 15, TODO 1 of 1")
