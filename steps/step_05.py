"""Step 05: token embeddings.

Check it with `pixi run s05` or `uv run gpt2 check 5`;
`gpt2 hint 5` helps. Its chapter is book/src/step_05.md.

A token's number means nothing by itself. The embedding is a table with one row for
each token of the vocabulary; looking up a row turns the number into a vector that
training has filled with meaning.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental import functional as F
from max.experimental import random
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from steps.step_01 import GPT2Config


class TokenEmbedding(Module[[Tensor], Tensor]):
    """Looks up the vector of each token.

    Parameter: weight `[vocab_size, n_embd]`, drawn from a normal distribution with a
    standard deviation of 0.02 at first.

    Source: Radford et al., "Improving Language Understanding by Generative
    Pre-Training" (2018), section 3.1 (W_e) and 4.1 (the 0.02).
    """

    def __init__(self, config: GPT2Config) -> None:
        # TODO 1 of 2: create the table.
        #   MAX: random.normal(shape, std=...)
        raise NotImplementedError("Step 05, TODO 1 of 2")

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, each below vocab_size -> `[batch, seq, n_embd]`."""
        # TODO 2 of 2: pick the row of every id.
        #   MAX: F.gather(table, indices, axis=0)
        raise NotImplementedError("Step 05, TODO 2 of 2")
