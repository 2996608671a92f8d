"""Step 10: stacking the blocks.

Check it with `pixi run s10` or `uv run gpt2 check 10`;
`gpt2 hint 10` helps. Its chapter is book/src/step_10.md.

The body of the model: embed the tokens and their positions, run the blocks in turn,
normalize once more. What comes out is one vector for each position.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental.nn import Module, ModuleList
from max.experimental.tensor import Tensor

from steps.step_01 import GPT2Config
from steps.step_03 import LayerNorm
from steps.step_05 import TokenEmbedding
from steps.step_06 import PositionEmbedding
from steps.step_09 import GPT2Block


class GPT2Model(Module[[Tensor], Tensor]):
    """GPT-2 without its head.

    Children: wte, wpe, h (n_layer blocks), ln_f.

    Source: Radford et al. (2019), section 2.3 (the last norm included).
    """

    def __init__(self, config: GPT2Config) -> None:
        # TODO 1 of 2: create the two embeddings, the n_layer blocks and the last norm.
        #   MAX: ModuleList
        raise NotImplementedError("Step 10, TODO 1 of 2")

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, seq at most n_positions -> `[batch, seq, n_embd]`."""
        # TODO 2 of 2: add the embeddings, run the blocks in turn, normalize.
        raise NotImplementedError("Step 10, TODO 2 of 2")
