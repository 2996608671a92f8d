"""The verdicts on the reader's steps: found when they are needed, remembered while they hold."""

from collections.abc import Callable, Collection
from typing import Self

from course.court import Court
from course.files import Unreadable, read_source, solution_path, step_path
from course.loader import imported_steps
from course.report import Report
from course.state import fingerprint, load_state
from course.stubs import is_untouched


class Verdicts:
    """Has steps checked, each with what is right of the earlier ones.

    Args:
        on_wait: as for `Court`.
    """

    def __init__(self, on_wait: Callable[[int, bool], None] = lambda ready, busy: None) -> None:
        self.state = load_state()
        self._court = Court(on_wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._court.__exit__()

    def check(self, number: int) -> Report:
        """Checks the reader's file of a step, and remembers the verdict."""
        self.settle(_imports(number))
        return self._check(number)

    def check_solution(self, number: int) -> Report:
        """Checks the reference, as if a reader had written it."""
        return self._court.check(number, solution_path(number))

    def get_ready(self, number: int) -> None:
        """Has a process ready for the next check of a step, while nobody waits."""
        self._court.get_ready(number)

    def settle(self, numbers: Collection[int]) -> None:
        """Finds a verdict on each of these steps, and of those they need, where there is none."""
        for number in numbers:
            if self.state.verdict(number) is None and not is_untouched(_text(number)):
                self.settle(_imports(number))
                self._check(number)

    def _check(self, number: int) -> Report:
        checked = fingerprint(number)
        right = self.state.right_steps() - {number}
        report = self._court.check(number, step_path(number), right)
        self.state.remember(number, checked, report.right)
        return report


def _imports(number: int) -> list[int]:
    """The earlier steps that a reader's file imports."""
    return [step for step in imported_steps(_text(number)) if step < number]


def _text(number: int) -> str:
    """A reader's file; nothing where it cannot be read."""
    try:
        return read_source(step_path(number))
    except Unreadable:
        return ""
