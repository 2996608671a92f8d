"""What an argument may be. Each check takes any value, and returns it or says what it is not."""

import math
import os
import reprlib
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, NamedTuple

from gpt2.errors import UserError


class WrongValue(UserError, ValueError):
    """An argument's value is not what it may be; a ValueError for those who call from Python."""


def checked(name: str, value: object, check: Callable[[object], Any]) -> Any:  # noqa: ANN401
    """The value of an argument, as its check returns it.

    Raises:
        WrongValue: it is not what the check asks for; names the argument and the value.
    """
    try:
        return check(value)
    except WrongValue as error:
        raise WrongValue(f"{name}: {error}") from None


class Numbers(NamedTuple):
    """Whole numbers or any, from the least to the most; NumPy's count as well."""

    kind: type[int] | type[float]
    least: float
    most: float = math.inf

    def __call__(self, value: object) -> float:
        """The value, as an int or a float."""
        is_number = isinstance(value, Integral if self.kind is int else Real)
        if is_number and not isinstance(value, bool) and self.least <= value <= self.most:
            return self.kind(value)
        raise _refusal(value, str(self))

    def __str__(self) -> str:
        name = "a whole number" if self.kind is int else "a number"
        if self.most == math.inf:
            return f"{name} of {self.least} or more"
        return f"{name} from {self.least} to {self.most}"

    def parse(self, text: str) -> float:
        """The number that a text spells."""
        try:
            value = self.kind(text)
        except ValueError:
            value = text
        return self(value)


def text(value: object) -> str:
    """A string, which may be empty."""
    if isinstance(value, str):
        return value
    raise _refusal(value, "a string")


def word(value: object) -> str:
    """A string that is not empty."""
    if text(value):
        return value
    raise _refusal(value, "a string of one character or more")


def path(value: object) -> str:
    """What names a model or a folder: a string that is not empty, or a path."""
    if isinstance(value, str | os.PathLike) and os.fspath(value):
        return os.fspath(value)
    raise _refusal(value, "a name or a path")


def one_of(*choices: object) -> Callable[[object], Any]:
    """A check for what is one of these."""

    def check(value: object) -> object:
        if value in choices:
            return value
        raise _refusal(value, " or ".join(map(repr, choices)))

    return check


def flag(value: object) -> bool:
    """True or False."""
    if isinstance(value, bool):
        return value
    raise _refusal(value, "True or False")


def several(check: Callable[[object], Any], what: str) -> Callable[[object], tuple]:
    """A check for lists, of what another check accepts; what: the name of several of these."""

    def check_all(value: object) -> tuple:
        try:
            if not isinstance(value, str | bytes):
                return tuple(map(check, value))
        except (TypeError, WrongValue):  # it is no list, or something in it is wrong
            pass
        raise _refusal(value, f"a list of {what}")

    return check_all


def _refusal(value: object, what: str) -> WrongValue:
    return WrongValue(f"{reprlib.repr(value)} is not {what}")
