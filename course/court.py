"""Where files are judged: one process runs our code, another the reader's, and this compares."""

import contextlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Self

from course.files import SOLUTIONS, Unreadable, read_source, shown, solution_path, step_path
from course.lessons import lesson
from course.loader import only_computes
from course.report import LOADS, NAMES, RUNS, Report
from course.stubs import is_untouched
from course.surroundings import file_changes, project_files
from course.trials.client import JUNK, NONSENSE, RemoteTrial
from course.trials.process import Process
from gpt2.errors import UserError

TIME_LIMIT = 10.0  # seconds for one step's code; a right answer needs less than one
VARIATION = SOLUTIONS / "variation.py"  # no file: its lines must not pass for the solution's

_ahead: list[Process] = []


def start_ahead() -> None:
    """Starts the processes that the next Court will use: they take a second to load MAX."""
    with contextlib.suppress(UserError):  # the Court will say it
        _ahead.extend([Process(), Process()])


class Court:
    """Judges files, whatever their code does; `with` ends its processes.

    Args:
        on_wait: called a few times a second while waiting, with the number of kernels that are
            ready, and whether another is being made.

    Raises:
        UserError: here and below: the processes cannot run.
    """

    def __init__(self, on_wait: Callable[[int, bool], None] = lambda ready, busy: None) -> None:
        self._on_wait = on_wait
        self._ours = _ahead.pop() if _ahead else Process()
        self._readers = _ahead.pop() if _ahead else None
        self._references: dict[int, RemoteTrial] = {}
        self._warm: set[int] = set()  # steps whose kernels the reader's process has

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ours.end()
        if self._readers:
            self._readers.end()

    @property
    def kernels(self) -> int:
        """How many kernels are ready; the reader's process finds the same ones in the cache."""
        return sum(reference.kernels for reference in self._references.values())

    def prepare(self, number: int) -> None:
        """Has the reference of a step run, so that a check of it is quick."""
        if number not in self._references:
            self._ours.wait_until_ready(lambda: self._on_wait(self.kernels, False))
            self._references[number] = self._reference_trial(self._ours, number)
        for key in lesson(number).tried():
            _ = self._references[number][key]

    def get_ready(self, number: int) -> None:
        """Starts a process for the next check of a step, while nobody waits."""
        self._start_readers()
        if number in self._references and number not in self._warm:
            # MAX loads a step's kernels when they are run; here by the reference.
            self._reference_trial(self._readers, number).ask_for(lesson(number).tried())
            self._warm.add(number)

    def check(
        self, number: int, path: Path, right: Collection[int] = (), limit: float = TIME_LIMIT
    ) -> Report:
        """Judges a file.

        Args:
            number: the step.
            path: the file.
            right: the steps whose files are the reader's own in the imports of this one.
            limit: seconds that its code may take.
        """
        from course.judge import Judge  # with NumPy, while the processes load MAX

        report = Report(number, lesson(number).title, shown(path))
        try:
            source, *others = [read_source(file) for file in (path, *map(step_path, right))]
        except Unreadable as error:
            advice = f"`gpt2 reset {number}` writes the stub again"
            report.failed(LOADS, "", [str(error), advice])
            return report
        self._start_readers()
        files = project_files()
        trial = self._begin(self._readers, number, source, path, sorted(right), True, limit)
        trial.ask_for([LOADS, NAMES, *lesson(number).tried()])
        self.prepare(number)
        self._readers.wait_until_ready(lambda: self._on_wait(self.kernels, False))

        def try_ours(source: str) -> RemoteTrial:
            return self._try(self._ours, number, source, VARIATION, [])

        reference = self._references[number]
        try:
            Judge(lesson(number), report, path, source, trial, reference, try_ours).run()
        except NONSENSE:
            report.failed(RUNS, "", [JUNK])
        report.printed, report.seconds = trial.printed, trial.seconds
        reusable = all(map(only_computes, [source, *others])) and not report.notes
        if not (reusable and (report.right or is_untouched(source))):
            self._readers.end()
        report.notes += file_changes(files)
        return report

    def _start_readers(self) -> None:
        if not self._readers or self._readers.ended:
            self._readers = Process()
            self._warm.clear()

    def _reference_trial(self, process: Process, number: int) -> RemoteTrial:
        source, path = read_source(solution_path(number)), solution_path(number)
        return self._begin(process, number, source, path, [])

    def _try(self, process: Process, *trial: object) -> RemoteTrial:
        process.wait_until_ready(lambda: self._on_wait(self.kernels, False))
        return self._begin(process, *trial)

    def _begin(self, process: Process, *trial: object) -> RemoteTrial:
        return RemoteTrial(process, lambda busy: self._on_wait(self.kernels, busy), *trial)
