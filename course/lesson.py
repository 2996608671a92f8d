"""What a lesson is made of. Each step has one, in `course/lessons/`."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from max.experimental.nn import Module
    from max.experimental.tensor import TensorType

    from course.plain_subject import PlainSubject
    from course.subject import Subject

SYMBOLIC = "symbolic sizes"  # the name of what is tried last: a trace
SPEED = "speed"  # or this


class Kind(enum.StrEnum):
    """What a name of a step has to be."""

    DATACLASS = "a dataclass"
    FUNCTION = "a function"
    CLASS = "a class"
    MODULE = "a class derived from Module"


@dataclass(frozen=True)
class Construction:
    """A way of making a step's module, whose parameters are then compared.

    Attributes:
        call: how a report names it, as code.
        build: makes it from the step's names.
    """

    call: str
    build: Callable[[ModuleType], Module]


@dataclass(frozen=True)
class Experiment:
    """One thing to try with a step's code, the same for the reader's and the reference.

    Attributes:
        name: how a report names it.
        run: does it; what it returns or raises is compared.
        axes: what the axes of a resulting array stand for.
        piece: the function or method that it is about, where a step has several.
    """

    name: str
    run: Callable[[Subject], object] | Callable[[PlainSubject], object]
    axes: tuple[str, ...] = ("batch", "position", "feature")
    piece: str = ""


def about(piece: str, *experiments: Experiment) -> tuple[Experiment, ...]:
    """Experiments, all of one piece."""
    return tuple(replace(experiment, piece=piece) for experiment in experiments)


@dataclass(frozen=True)
class Symbolic:
    """A step's code as part of a graph with symbolic sizes.

    Attributes:
        build: makes a module around the code.
        inputs: makes the types of its inputs.
    """

    build: Callable[[Subject], Module]
    inputs: Callable[[], list[TensorType]]


@dataclass(frozen=True)
class Misconception:
    """A mistake that people make, and a variation of the solution that makes it.

    Attributes:
        sentence: explains the mistake without giving the line away.
        change: text of the solution, found there exactly once, and what it becomes.
    """

    sentence: str
    change: Mapping[str, str]


@dataclass(frozen=True)
class Lesson:
    """All that the course knows of a step.

    Attributes:
        number: 1 to 20.
        title: what the reader builds.
        defines: the names that the file has to define.
        hints: the idea, the operations, almost the line.
        kernels: how many of MAX's kernels the check needs; each is compiled once per machine.
        constructions: what is built, for a step that defines a module.
        experiments: what is computed and compared.
        symbolic: the trace with symbolic sizes; None where a step has nothing to trace.
        misconceptions: the mistakes that a check recognizes.
        speed: says how fast the code is; None where that does not matter.
    """

    number: int
    title: str
    defines: Mapping[str, Kind]
    hints: tuple[str, str, str]
    kernels: int
    experiments: tuple[Experiment, ...]
    misconceptions: tuple[Misconception, ...]
    constructions: tuple[Construction, ...] = ()
    symbolic: Symbolic | None = None
    speed: Callable[[PlainSubject], str] | None = None

    def tried(self) -> Iterator[str]:
        """The names of all that is tried, in the order of a check; SYMBOLIC comes behind them."""
        yield from (construction.call for construction in self.constructions)
        yield from (experiment.name for experiment in self.experiments)
