"""Where files are judged: one process runs our code, another the reader's, and this compares."""

import contextlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Self

from course.compiled import is_compiled
from course.files import (
    SOLUTIONS,
    TENSORS,
    Unreadable,
    read_source,
    shown,
    solution_path,
    step_path,
)
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

_ahead: list[tuple[bool, Process]] = []  # whether it loads MAX, and the process


def start_ahead(arguments: list[str]) -> None:
    """Starts the processes that the next Court will use first, while the rest is loaded.

    arguments: what is typed behind the command.
    """
    steps = [int(argument) for argument in arguments if argument.isdecimal()]
    tensors = not steps or steps[0] in TENSORS
    with contextlib.suppress(UserError):  # the Court will say it
        _ahead.extend([(tensors, Process(tensors)), (tensors, Process(tensors))])


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
        # By whether they have loaded MAX.
        self._ours = dict(_ahead[:1])
        self._readers = dict(_ahead[1:])
        _ahead.clear()
        self._references: dict[int, RemoteTrial] = {}
        self._warm: set[tuple[Process, int]] = set()  # what has the kernels of which step

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self._ours.values(), *self._readers.values()):
            process.end()

    @property
    def kernels(self) -> int:
        """How many kernels are ready; the reader's process finds the same ones in the cache."""
        return sum(reference.kernels for reference in self._references.values())

    def prepare(self, number: int, then: Callable[[str], None] = lambda key: None) -> None:
        """Has the reference of a step run, so that a check of it is quick.

        then: is called with the name of each thing tried, when its kernels are in MAX's cache.
        """
        if number not in self._references:
            ours = self._process(self._ours, number)
            self._wait_for(ours)
            self._references[number] = self._reference_trial(ours, number)
        for key in lesson(number).tried():
            _ = self._references[number][key]
            then(key)

    def get_ready(self, number: int) -> None:
        """Starts a process for the next check of a step, while nobody waits."""
        process = self._process(self._readers, number)
        if number in self._references and (process, number) not in self._warm:
            # MAX loads a step's kernels when they are run; here by the reference.
            self._reference_trial(process, number).ask_for(*lesson(number).tried())
            self._warm.add((process, number))

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
        process = self._process(self._readers, number)
        files = project_files()
        trial = self._begin(process, number, source, path, sorted(right), True, limit)
        trial.ask_for(LOADS, NAMES)
        if is_compiled():  # then both processes can begin, and no kernel is made twice
            trial.ask_for(*lesson(number).tried())
            self.prepare(number)
        else:
            self.prepare(number, trial.ask_for)
        self._wait_for(process)

        def try_ours(source: str) -> RemoteTrial:
            return self._begin(self._process(self._ours, number), number, source, VARIATION, [])

        reference = self._references[number]
        try:
            Judge(lesson(number), report, path, source, trial, reference, try_ours).run()
        except NONSENSE:
            report.failed(RUNS, "", [JUNK])
        report.printed, report.seconds = trial.printed, trial.seconds
        reusable = all(map(only_computes, [source, *others])) and not report.notes
        if not (reusable and (report.right or is_untouched(source))):
            process.end()
        report.notes += file_changes(files)
        return report

    def _process(self, processes: dict[bool, Process], number: int) -> Process:
        """One that can run a step; a new one where there is none, or it has ended."""
        tensors = number in TENSORS
        if tensors not in processes or processes[tensors].ended:
            processes[tensors] = Process(tensors)
        return processes[tensors]

    def _wait_for(self, process: Process) -> None:
        process.wait_until_ready(lambda: self._on_wait(self.kernels, False))

    def _reference_trial(self, process: Process, number: int) -> RemoteTrial:
        source, path = read_source(solution_path(number)), solution_path(number)
        return self._begin(process, number, source, path, [])

    def _begin(self, process: Process, *trial: object) -> RemoteTrial:
        return RemoteTrial(process, lambda busy: self._on_wait(self.kernels, busy), *trial)
