"""What one can ask of a generation: how tokens are chosen, and where it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from gpt2.text.sampling import Sampling


@dataclass(frozen=True)
class Options(Sampling):
    """The options of a generation; those of Sampling among them.

    Attributes:
        max_new_tokens: how many tokens to add at most.
        seed: the same seed gives the same text; None a new one each time.
        stop: the text ends before the first of these strings.
        stop_tokens: ids that end the text, besides that of `<|endoftext|>`.
        log_probabilities: keep the logarithm of each token's probability.

    Raises:
        ValueError: a value is out of its range.
    """

    max_new_tokens: int = 200
    seed: int | None = None
    stop: Sequence[str] = ()
    stop_tokens: Sequence[int] = ()
    log_probabilities: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_new_tokens < 1:
            raise ValueError(f"max_new_tokens has to be 1 or more, not {self.max_new_tokens}")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"seed has to be 0 or more, not {self.seed}")
        if isinstance(self.stop, str):
            raise ValueError(f"stop has to be a list of strings: [{self.stop!r}]")


class Keywords(TypedDict, total=False):
    """The fields of Options, as keyword arguments."""

    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repetition_penalty: float
    max_new_tokens: int
    seed: int | None
    stop: Sequence[str]
    stop_tokens: Sequence[int]
    log_probabilities: bool
