"""Modules around the steps that are functions, so that they can be traced as part of a graph."""

from max.driver import CPU
from max.dtype import DType
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from course.subject import Subject


class MaskInGraph(Module[[Tensor], Tensor]):
    """A causal mask for the length of x `[batch, seq, feature]`."""

    def __init__(self, subject: Subject, past_length: int, dtype: DType) -> None:
        self._subject = subject
        self._past_length = past_length
        self._dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        """The mask, `[seq, past_length + seq]`."""
        mask = self._subject.step.causal_mask
        return mask(x.shape[1], self._past_length, dtype=self._dtype, device=CPU())


class ResidualInGraph(Module[[Tensor], Tensor]):
    """A residual connection around functions that do not commute."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, feature]` -> the same shape."""
        return self._subject.step.pre_norm_residual(x, self.norm, self.sublayer)

    def norm(self, x: Tensor) -> Tensor:
        """No norm, but as good as one here: not the identity, and not 0 at 0."""
        return x * 2.0 + 0.5

    def sublayer(self, x: Tensor) -> Tensor:
        """A curve, so that it matters what it is applied to."""
        return x * x * 0.5 - x


class CachedInGraph(Module[[Tensor, Tensor, Tensor, Tensor], Tensor]):
    """Attention that is handed its cache with each call."""

    def __init__(self, attention: Module, layer_cache: type) -> None:
        self.attention = attention
        self._layer_cache = layer_cache

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> the same shape."""
        self.attention.cache = self._layer_cache(keys, values, mask)
        return self.attention(x)
