"""Step 06: position embeddings.

Attention by itself cannot tell "dog bites man" from "man bites dog": it sees a set of
tokens, not a sequence. GPT-2 learns one vector for every position, and adds it to
the token's.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental import random
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from solutions.solution_01 import GPT2Config


class PositionEmbedding(Module[[Tensor], Tensor]):
    """Gives the vectors of positions 0, 1, 2, ... for a batch of sequences.

    Parameter: weight `[n_positions, n_embd]`, drawn from a normal distribution with a
    standard deviation of 0.02 at first.

    Source: Radford et al. (2018), sections 3.1 (W_p) and 4.1 (learned, not sinusoidal).
    """

    def __init__(self, config: GPT2Config) -> None:
        # BEGIN SOLUTION: create the table.
        #   MAX: random.normal(shape, std=...)
        self.weight = random.normal([config.n_positions, config.n_embd], std=0.02)
        # END SOLUTION

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, seq at most n_positions -> `[seq, n_embd]`.

        Only the length of input_ids matters: all sequences of a batch share the positions.
        """
        # BEGIN SOLUTION: return the first seq rows of the table.
        #   MAX: Tensor.shape, and a slice
        sequence_length = input_ids.shape[1]
        return self.weight[:sequence_length]  # [seq, n_embd]
        # END SOLUTION
