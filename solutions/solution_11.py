"""Step 11: the language-model head.

The vector at each position becomes a score for every token of the vocabulary: how well
it would do as the next one. The score is the dot product with the token's embedding, so
the table of step 05 serves at both ends and the head needs no weights of its own.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from solutions.solution_01 import GPT2Config
from solutions.solution_10 import GPT2Model


class GPT2LMHeadModel(Module[[Tensor], Tensor]):
    """GPT-2 whole: token ids in, logits out.

    Child: transformer. Its token embedding is also the head (Press and Wolf, "Using the
    Output Embedding to Improve Language Models", 2017).
    """

    def __init__(self, config: GPT2Config) -> None:
        # BEGIN SOLUTION: keep the config, and create the transformer.
        self.config = config
        self.transformer = GPT2Model(config)
        # END SOLUTION

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, seq at most n_positions -> `[batch, seq, vocab_size]`.

        The logits at position i are about the token at position i + 1.
        """
        # BEGIN SOLUTION: run the transformer, then multiply with the token embeddings.
        #   MAX: the operator @, Tensor.T
        hidden = self.transformer(input_ids)  # [batch, seq, n_embd]
        return hidden @ self.transformer.wte.weight.T  # [batch, seq, vocab_size]
        # END SOLUTION
