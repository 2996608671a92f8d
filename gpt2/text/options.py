"""What one can ask of a generation: how tokens are chosen, and where it ends."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from gpt2.values import Numbers, checked, flag, several, word

COLDEST = 1e-6  # a lower temperature is 0: logits are seldom so close that it leaves a choice


def _option(
    default: object, check: Callable[[object], Any], words: str, letter: str | None = None
) -> Any:  # noqa: ANN401
    """A field of Options.

    Args:
        default: its value where none is given.
        check: what it may be.
        words: what it does.
        letter: what stands for its value in `gpt2 generate --help`; None for Python alone.
    """
    return field(default=default, metadata={"check": check, "help": words, "metavar": letter})


@dataclass(frozen=True)
class Options:
    """The options of a generation; the defaults draw from the model's own distribution.

    Raises:
        ValueError: a value is none that its field may have.
    """

    max_new_tokens: int = _option(200, Numbers(int, 1), "How many tokens to add.", "N")
    temperature: float = _option(
        1.0, Numbers(float, 0, 1000), "Below 1 safer, above 1 wilder, 0 greedy.", "T"
    )
    top_k: int = _option(0, Numbers(int, 0), "Of the K likeliest tokens only; 0 of all.", "K")
    top_p: float = _option(
        1.0, Numbers(float, 0, 1), "Of the likeliest tokens that together have P.", "P"
    )
    min_p: float = _option(
        0.0, Numbers(float, 0, 1), "Of tokens P times as likely as the likeliest.", "P"
    )
    repetition_penalty: float = _option(
        1.0, Numbers(float, 0.01, 100), "Above 1: less of what was there before.", "R"
    )
    frequency_penalty: float = _option(
        0.0, Numbers(float, -2, 2), "Taken from the logit for each time it was written.", "F"
    )
    presence_penalty: float = _option(
        0.0, Numbers(float, -2, 2), "Taken from the logit of what was written at all.", "P"
    )
    seed: int | None = _option(None, Numbers(int, 0), "The same seed gives the same text.", "N")
    stop: Sequence[str] = _option(
        (), several(word, "strings, none of them empty"), "End before this text.", "TEXT"
    )
    stop_tokens: Sequence[int] = _option(
        (), several(Numbers(int, 0), "ids"), "Ids that end the text, besides <|endoftext|>'s."
    )
    log_probabilities: bool = _option(
        False, flag, "Keep the natural logarithm of each token's probability."
    )

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            if value is not option.default:
                value = checked(option.name, value, option.metadata["check"])
                object.__setattr__(self, option.name, value)
        if self.temperature < COLDEST:
            object.__setattr__(self, "temperature", 0.0)

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is taken, and nothing drawn."""
        return self.temperature == 0


def options_named(**values: object) -> Options:
    """The options of these names.

    Raises:
        TypeError: there is no option of such a name.
        ValueError: a value is none that its option may have.
    """
    names = [option.name for option in fields(Options)]
    for name in values:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            raise TypeError(f"unknown option {name!r}: {hint}")
    return Options(**values)
