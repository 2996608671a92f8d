"""Step 01: the model's configuration.

Check it with `pixi run s01` or `uv run gpt2 check 1`;
`gpt2 hint 1` helps. Its chapter is book/src/step_01.md.

Seven numbers say everything about the shape of a GPT-2. Every later step takes
them from here, so the same code is the 124M model and the 1.5B one.
"""

# ANCHOR: code (the book shows what follows)
from dataclasses import dataclass


@dataclass(frozen=True)
class GPT2Config:
    """The sizes of a GPT-2. The defaults are those of the smallest one, 124M.

    The names are those of Hugging Face's `GPT2Config` and of the `config.json` in
    a checkpoint. The sizes are those of Radford et al., "Language Models are
    Unsupervised Multitask Learners" (2019), section 2.3 and table 2.

    Raises:
        ValueError: n_embd cannot be shared out evenly among n_head heads.
    """

    # TODO 1 of 4: declare the seven fields, each with its type and its default.
    #   vocab_size 50257, n_positions 1024, n_embd 768, n_layer 12, n_head 12,
    #   n_inner None, layer_norm_epsilon 1e-5

    def __post_init__(self) -> None:
        # TODO 2 of 4: raise ValueError, naming both numbers, unless n_head divides n_embd.
        raise NotImplementedError("Step 01, TODO 2 of 4")

    @property
    def head_dim(self) -> int:
        """The width of one attention head: the heads share n_embd equally."""
        # TODO 3 of 4: return the width that each of the n_head heads gets.
        raise NotImplementedError("Step 01, TODO 3 of 4")

    @property
    def inner_dim(self) -> int:
        """The width inside the feed-forward network: n_inner, or 4 * n_embd where it is None."""
        # TODO 4 of 4: return n_inner where it was given, else four times n_embd.
        raise NotImplementedError("Step 01, TODO 4 of 4")
