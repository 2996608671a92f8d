"""Checking steps from the outside: workers come and go, verdicts are remembered."""

from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from course.files import Unreadable, read_source, solution_path, step_path
from course.lessons import lesson
from course.loader import imported_steps
from course.report import Report
from course.state import fingerprint, load_state
from course.stubs import is_untouched
from course.workers import Worker


class Checker:
    """Checks steps, each with what is right of the earlier ones.

    Args:
        on_wait: as for `Worker`.
    """

    def __init__(self, on_wait: Callable[[int, bool], None] = lambda ready, busy: None) -> None:
        self.state = load_state()
        self._on_wait = on_wait
        self._worker = Worker(on_wait)  # at once: it takes a second to load MAX

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.end()

    def check(self, number: int) -> Report:
        """Checks the reader's file of a step, and remembers the verdict."""
        self.settle(_imports(number))
        return self._check(number)

    def check_solution(self, number: int) -> Report:
        """Checks the reference, as if a reader had written it."""
        return self._run(number, solution_path(number), ())

    def get_ready(self, number: int) -> None:
        """Has a worker load what a check of this step will need, while nobody waits."""
        self._replace_spoiled_worker()
        self._worker.prepare(number, wait=False)

    def settle(self, numbers: Collection[int]) -> None:
        """Finds a verdict on each of these steps, and of those they need, where there is none."""
        for number in numbers:
            if self.state.verdict(number) is None and not _is_stub(number):
                self.settle(_imports(number))
                self._check(number)

    def _check(self, number: int) -> Report:
        checked = fingerprint(number)
        report = self._run(number, step_path(number), self.state.right_steps() - {number})
        self.state.remember(number, checked, report.right)
        return report

    def _run(self, number: int, path: Path, right: Collection[int]) -> Report:
        self._replace_spoiled_worker()
        return self._worker.check(number, lesson(number).title, path, right)

    def _replace_spoiled_worker(self) -> None:
        if self._worker.spoiled:
            self._worker.end()
            self._worker = Worker(self._on_wait)


def _imports(number: int) -> list[int]:
    """The earlier steps that a reader's file imports."""
    try:
        return [step for step in imported_steps(read_source(step_path(number))) if step < number]
    except Unreadable:
        return []


def _is_stub(number: int) -> bool:
    try:
        return is_untouched(read_source(step_path(number)))
    except Unreadable:
        return False
