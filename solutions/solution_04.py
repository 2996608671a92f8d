"""Step 04: the feed-forward network.

Attention moves information between positions; this is where each position works on
what it has gathered, alone: widen, bend, narrow again.
"""

# ANCHOR: code (the book shows what follows)
from max.experimental import functional as F
from max.experimental.nn import Linear, Module
from max.experimental.tensor import Tensor

from solutions.solution_01 import GPT2Config


class GPT2MLP(Module[[Tensor], Tensor]):
    """Two linear layers with a GELU between them, applied to each position alone.

    Parameters: c_fc (n_embd to intermediate_size) and c_proj (back again), both with a bias.

    Sources: Vaswani et al. (2017), section 3.3; Hendrycks and Gimpel, "Gaussian Error
    Linear Units" (2016), section 2, for the tanh form that GPT-2 was trained with.
    """

    def __init__(self, intermediate_size: int, config: GPT2Config) -> None:
        # BEGIN SOLUTION: create c_fc and c_proj.
        #   MAX: Linear(in_dim, out_dim)
        self.c_fc = Linear(config.n_embd, intermediate_size)
        self.c_proj = Linear(intermediate_size, config.n_embd)
        # END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        # BEGIN SOLUTION: widen with c_fc, apply GELU in its tanh form, narrow with c_proj.
        #   MAX: F.gelu (it knows several forms)
        hidden = self.c_fc(x)  # [batch, seq, intermediate_size]
        hidden = F.gelu(hidden, approximate="tanh")
        return self.c_proj(hidden)  # [batch, seq, n_embd]
        # END SOLUTION
