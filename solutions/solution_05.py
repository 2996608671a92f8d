"""Step 05: token embeddings.

A token's number means nothing by itself. The embedding is a table with one row for
each token of the vocabulary; looking up a row turns the number into a vector that
training has filled with meaning.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental import functional as F
from max.experimental import random
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from solutions.solution_01 import GPT2Config


class TokenEmbedding(Module[[Tensor], Tensor]):
    """Looks up the vector of each token.

    Parameter: weight `[vocab_size, n_embd]`, drawn from a normal distribution with a
    standard deviation of 0.02 at first.

    Source: Radford et al., "Improving Language Understanding by Generative
    Pre-Training" (2018), section 3.1 (W_e) and 4.1 (the 0.02).
    """

    def __init__(self, config: GPT2Config) -> None:
        # BEGIN SOLUTION: create the table.
        #   MAX: random.normal(shape, std=...)
        self.weight = random.normal([config.vocab_size, config.n_embd], std=0.02)
        # END SOLUTION

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, each below vocab_size -> `[batch, seq, n_embd]`."""
        # BEGIN SOLUTION: pick the row of every id.
        #   MAX: F.gather(table, indices, axis=0)
        return F.gather(self.weight, input_ids, axis=0)  # [batch, seq, n_embd]
        # END SOLUTION
