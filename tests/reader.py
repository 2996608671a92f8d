"""A reader for the tests: files of their own, and a terminal to sit at."""

import functools
import os
import pty
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from conftest import NO_HUB, ROOT
from course.files import NUMBERS, read_source, solution_path, step_path
from course.judge import Judge
from course.lessons import lesson
from course.loader import provide_steps
from course.report import Report
from course.stubs import make_stub
from course.trials.trial import Trial


class Reader:
    """A copy of the project whose steps are the test's to change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: Mapping[str, str] = os.environ
        for room in ("commands", "gpt2", "course", "solutions", "checkpoints", "pyproject.toml"):
            (folder / room).symlink_to(ROOT / room)
        (folder / "steps").mkdir()
        for number in NUMBERS:
            self.step(number).write_text(make_stub(number), encoding="utf-8")

    def step(self, number: int) -> Path:
        return self.folder / "steps" / step_path(number).name

    def solve(self, *numbers: int) -> None:
        """Writes the solutions into the steps, as a reader would have."""
        for number in numbers:
            self.write(number, read_source(solution_path(number)))

    def write(self, number: int, solution: str) -> None:
        """Makes a step of a solution's text, right or changed."""
        own = solution.replace("solutions.solution_", "steps.step_")
        self.step(number).write_text(own, encoding="utf-8")

    def start(self, *arguments: str, **options: object) -> subprocess.Popen:
        environment = {**self.environment, **NO_HUB, "PYTHONPATH": str(self.folder)}
        return subprocess.Popen(
            [sys.executable, "-m", "commands", *arguments],
            cwd=self.folder,
            env=environment,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            | options,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        process = self.start(*arguments, encoding="utf-8")
        output, errors = process.communicate(timeout=600)
        return process.returncode, output, errors


def judged(number: int, source: str) -> Report:
    """The report on a text of a reader's, whose code runs in this process."""
    path = Path(step_path(number).name)
    report = Report(number, "", str(path))
    trial = Trial(lesson(number), source, path, is_readers=True)
    try_ours = functools.partial(Trial, lesson(number), path=Path("variation.py"))
    Judge(lesson(number), report, path, source, trial, reference(number), try_ours).run()
    provide_steps(())  # for whom it may hide no solution
    return report


@functools.cache
def reference(number: int) -> Trial:
    return Trial(lesson(number), read_source(solution_path(number)), solution_path(number))


class Terminal:
    """A program that believes it is on a terminal."""

    def __init__(self, reader: Reader, *arguments: str) -> None:
        self.handle, side = pty.openpty()
        self.process = reader.start(*arguments, stdin=side, stdout=side, stderr=side)
        os.close(side)
        os.set_blocking(self.handle, False)
        self.text = ""

    def wait_for(self, words: str, seconds: float = 60) -> str:
        """What was written up to these words, since the last such wait."""
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            try:
                self.text += os.read(self.handle, 65536).decode(errors="replace")
            except (BlockingIOError, OSError):
                time.sleep(0.02)
        before, _, self.text = self.text.partition(words)
        return before

    def press(self, key: str) -> None:
        os.write(self.handle, key.encode())
