"""What an experiment can come to, besides an array or a plain value."""

import traceback
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Raised:
    """The outcome of code that raised an exception instead of returning a value."""

    error: BaseException

    @property
    def kind(self) -> str:
        return type(self.error).__name__

    @property
    def on_purpose(self) -> bool:
        """Whether a line with `raise` or `assert` raised it."""
        frames = traceback.extract_tb(self.error.__traceback__)
        return bool(frames) and (frames[-1].line or "").lstrip().startswith(("raise ", "assert "))


@dataclass(frozen=True)
class Frequencies:
    """The outcome of drawing many tokens.

    Attributes:
        counts: how often each token was drawn, `[vocab_size]`.
        probabilities: with which it is drawn, for code of ours, whose `choice` was watched.
    """

    counts: np.ndarray
    probabilities: np.ndarray | None = None
