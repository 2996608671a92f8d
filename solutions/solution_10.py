"""Step 10: stacking the blocks.

The body of the model: embed the tokens and their positions, run the blocks in turn,
normalize once more. What comes out is one vector for each position.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental.nn import Module, ModuleList
from max.experimental.tensor import Tensor

from solutions.solution_01 import GPT2Config
from solutions.solution_03 import LayerNorm
from solutions.solution_05 import TokenEmbedding
from solutions.solution_06 import PositionEmbedding
from solutions.solution_09 import GPT2Block


class GPT2Model(Module[[Tensor], Tensor]):
    """GPT-2 without its head.

    Children: wte, wpe, h (n_layer blocks), ln_f.

    Source: Radford et al. (2019), section 2.3 (the last norm included).
    """

    def __init__(self, config: GPT2Config) -> None:
        # BEGIN SOLUTION: create the two embeddings, the n_layer blocks and the last norm.
        #   MAX: ModuleList
        self.wte = TokenEmbedding(config)
        self.wpe = PositionEmbedding(config)
        self.h = ModuleList([GPT2Block(config) for _ in range(config.n_layer)])
        self.ln_f = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        # END SOLUTION

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, seq at most n_positions -> `[batch, seq, n_embd]`."""
        # BEGIN SOLUTION: add the embeddings, run the blocks in turn, normalize.
        x = self.wte(input_ids) + self.wpe(input_ids)  # [batch, seq, n_embd]
        for block in self.h:
            x = block(x)
        return self.ln_f(x)
        # END SOLUTION
