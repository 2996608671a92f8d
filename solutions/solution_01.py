"""Step 01: the model's configuration.

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

    # BEGIN SOLUTION: declare the seven fields, each with its type and its default.
    #   vocab_size 50257, n_positions 1024, n_embd 768, n_layer 12, n_head 12,
    #   n_inner None, layer_norm_epsilon 1e-5
    vocab_size: int = 50257  # how many different tokens there are
    n_positions: int = 1024  # the longest sequence the model can see
    n_embd: int = 768  # the width of the vector that stands for one token
    n_layer: int = 12  # transformer blocks, one after the other
    n_head: int = 12  # attention heads in each block, side by side
    n_inner: int | None = None  # the width inside the feed-forward network; None: 4 * n_embd
    layer_norm_epsilon: float = 1e-5  # keeps layer norm from dividing by zero
    # END SOLUTION

    def __post_init__(self) -> None:
        # BEGIN SOLUTION: raise ValueError, naming both numbers, unless n_head divides n_embd.
        if self.n_embd % self.n_head != 0:
            raise ValueError(f"n_embd {self.n_embd} is not a multiple of n_head {self.n_head}")
        # END SOLUTION

    @property
    def head_dim(self) -> int:
        """The width of one attention head: the heads share n_embd equally."""
        # BEGIN SOLUTION: return the width that each of the n_head heads gets.
        return self.n_embd // self.n_head
        # END SOLUTION

    @property
    def inner_dim(self) -> int:
        """The width inside the feed-forward network: n_inner, or 4 * n_embd where it is None."""
        # BEGIN SOLUTION: return n_inner where it was given, else four times n_embd.
        return 4 * self.n_embd if self.n_inner is None else self.n_inner
        # END SOLUTION
