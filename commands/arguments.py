"""From the words of a command line to numbers, or to a line that says what is wrong."""

import math
from collections.abc import Callable

import typer


def whole_number(minimum: int) -> Callable[[str], int]:
    """A parser of whole numbers from minimum on."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if value < minimum:
            raise typer.BadParameter(f"{text!r} is not a whole number of {minimum} or more")
        return value

    return parse


def step_number(text: str) -> int:
    """The number of a step, 1 to 12."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 12:
        raise typer.BadParameter(f"{text!r} is not a step: they are 1 to 12")
    return number


def number(text: str) -> float:
    """A finite number of 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value >= 0 and math.isfinite(value)):
        raise typer.BadParameter(f"{text!r} is not a number of 0 or more")
    return value
