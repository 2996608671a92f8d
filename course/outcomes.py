"""What an experiment can come to, and how that travels: as JSON, of which nothing is run."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

LONGEST_TEXT = 10_000  # characters


class Outcomes(Protocol):  # of a step's code, each found when it is first asked for
    def __getitem__(self, key: str) -> object: ...


class ChangedInput(Exception):
    """The code wrote into a tensor that it was given."""


class NotATensor(Exception):
    """The code returned something else where a tensor was due."""


class NotCompiled(Exception):
    """The code is no Mojo: the arguments say why, each a line of a report."""


class Violated(Exception):
    """The code broke a rule that must always hold: says which, and how."""


@dataclass(frozen=True)
class Raised:
    """The outcome of code that raised an exception instead of returning a value."""

    kinds: list[str]  # its class and those that this is derived from, with their modules
    message: str
    on_purpose: bool  # whether a step's line with `raise` or `assert` raised it
    lines: list[str]  # of a report: what it says, and the line that is to blame

    @property
    def kind(self) -> str:
        return self.kinds[0].rpartition(".")[2]

    @property
    def is_todo(self) -> bool:
        """Whether it says that something is still to be written."""
        return "builtins.NotImplementedError" in self.kinds and "forward()" not in self.message

    @property
    def is_violation(self) -> bool:
        """Whether the code ran, and broke a rule: an outcome like a wrong value."""
        return f"{__name__}.Violated" in self.kinds


@dataclass(frozen=True)
class Frequencies:
    """The outcome of drawing many tokens, or other things.

    Attributes:
        counts: how often each was drawn, `[vocab_size]`.
        probabilities: with which it is drawn, for code of ours, where they are known.
        of: what was drawn.
    """

    counts: np.ndarray
    probabilities: np.ndarray | None = None
    of: str = "token"


@dataclass(frozen=True)
class Other:
    """A value of a type that no solution gives: its words are all that travels."""

    kind: str
    text: str

    def __repr__(self) -> str:
        return self.text


def words(value: object, of: Callable[[object], str] = str) -> str:
    """A text of the value, whatever its class does when it is asked for one."""
    try:
        return of(value)[:LONGEST_TEXT].encode(errors="replace").decode()
    except BaseException as error:
        return f"(no text: {type(error).__name__})"


def encode(outcome: object) -> str:
    """An outcome as JSON; a ValueError where it contains itself, or a number without end."""

    def tagged(value: object) -> object:
        if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
            content = base64.b64encode(value.tobytes()).decode()
            return {"__array__": [value.dtype.str, value.shape, content]}
        if isinstance(value, np.bool_ | np.integer | np.floating):
            return value.item()
        if isinstance(value, Raised | Frequencies):
            return {f"__{type(value).__name__}__": [*vars(value).values()]}
        return {"__Other__": [words(type(value).__name__), words(value, repr)]}

    return json.dumps(outcome, default=tagged)


def decode(text: str) -> object:
    """The outcome again; a ValueError or TypeError where the text is not by `encode`."""

    def untagged(content: dict[str, object]) -> object:
        for kind in (Raised, Frequencies, Other):
            if f"__{kind.__name__}__" in content:
                return kind(*content[f"__{kind.__name__}__"])
        if "__array__" in content:
            dtype, shape, values = content["__array__"]
            return np.frombuffer(base64.b64decode(values), dtype).reshape(shape)
        return content

    return json.loads(text, object_hook=untagged)
