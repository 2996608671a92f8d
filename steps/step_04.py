"""Step 04: the feed-forward network.

Check it with `pixi run s04` or `uv run gpt2 check 4`;
`gpt2 hint 4` helps. Its chapter is book/src/step_04.md.

Attention moves information between positions; this is where each position works on
what it has gathered, alone: widen, bend, narrow again.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental import functional as F
from max.experimental.nn import Linear, Module
from max.experimental.tensor import Tensor

from steps.step_01 import GPT2Config


class GPT2MLP(Module[[Tensor], Tensor]):
    """Two linear layers with a GELU between them, applied to each position alone.

    Parameters: c_fc (n_embd to intermediate_size) and c_proj (back again), both with a bias.

    Sources: Vaswani et al. (2017), section 3.3; Hendrycks and Gimpel, "Gaussian Error
    Linear Units" (2016), section 2, for the tanh form that GPT-2 was trained with.
    """

    def __init__(self, intermediate_size: int, config: GPT2Config) -> None:
        # TODO 1 of 2: create c_fc and c_proj.
        #   MAX: Linear(in_dim, out_dim)
        raise NotImplementedError("Step 04, TODO 1 of 2")

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        # TODO 2 of 2: widen with c_fc, apply GELU in its tanh form, narrow with c_proj.
        #   MAX: F.gelu (it knows several forms)
        raise NotImplementedError("Step 04, TODO 2 of 2")
