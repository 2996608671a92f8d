"""Step 11: the language-model head.

Check it with `pixi run s11` or `uv run gpt2 check 11`;
`gpt2 hint 11` helps. Its chapter is book/src/step_11.md.

The vector at each position becomes a score for every token of the vocabulary: how well
it would do as the next one. The score is the dot product with the token's embedding, so
the table of step 05 serves at both ends and the head needs no weights of its own.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from steps.step_01 import GPT2Config
from steps.step_10 import GPT2Model


class GPT2LMHeadModel(Module[[Tensor], Tensor]):
    """GPT-2 whole: token ids in, logits out.

    Child: transformer. Its token embedding is also the head (Press and Wolf, "Using the
    Output Embedding to Improve Language Models", 2017).
    """

    def __init__(self, config: GPT2Config) -> None:
        # TODO 1 of 2: keep the config, and create the transformer.
        raise NotImplementedError("Step 11, TODO 1 of 2")

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, seq at most n_positions -> `[batch, seq, vocab_size]`.

        The logits at position i are about the token at position i + 1.
        """
        # TODO 2 of 2: run the transformer, then multiply with the token embeddings.
        #   MAX: the operator @, Tensor.T
        raise NotImplementedError("Step 11, TODO 2 of 2")
