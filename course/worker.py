"""The process that runs a reader's code: `python -m course.worker REQUESTS ANSWERS`.

Whatever the code does, it happens here and not in the program that the reader talks to. The two
talk through pipes, whose numbers are the arguments, in lines of JSON:

- `{"prepare": 7}` runs the reference of a step, so that its values and kernels are at hand;
  the answer is `{"prepared": 7}`.
- `{"check": 7, "path": ..., "right": [...], "time_limit": ...}` checks a file; the answer is
  `{"report": ..., "spoiled": ...}`. Spoiled means that the process may not be as it was.

In between come `{"readers_code": true}` when the reader's code is about to run, the same with
false when it has run, and `{"kernel": "begin"}` and `{"kernel": "end"}` around each kernel of MAX.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import contextlib
import functools
import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from course.compilation import watch_kernels
from course.evidence import SYMBOLIC, Evidence
from course.faults import own_lines
from course.judge import LOADS, RUNS, Check
from course.lessons import lesson
from course.loader import load_solution, provide_steps
from course.surroundings import Surroundings
from gpt2.engine.folders import max_folder
from gpt2.errors import UserError

LONGEST_PRINT = 2000  # characters
TICK = 0.05  # seconds between the looks of the watchdog


class Worker:
    """Answers requests, one after the other."""

    def __init__(self, answers: io.TextIOBase) -> None:
        self._answers = answers
        self._compiling_since: float | None = None
        self._compiled = 0.0  # seconds
        self._references: dict[int, Evidence] = {}
        self._runs_readers_code = False
        watch_kernels(self._begin_kernel, self._end_kernel)

    def serve(self, requests: io.TextIOBase) -> None:
        """Answers until there are no more requests."""
        for line in requests:
            request = json.loads(line)
            if "prepare" in request:
                self._reference(request["prepare"])
                self._answer(prepared=request["prepare"])
            else:
                self._check(
                    request["check"],
                    Path(request["path"]),
                    request["right"],
                    request["time_limit"],
                )

    def _check(self, number: int, path: Path, right: list[int], time_limit: float) -> None:
        reference = self._reference(number)  # before any code of the reader has run
        self._note_readers_code(True)
        began = time.monotonic()
        self._compiled = 0.0
        surroundings = Surroundings()
        threads = threading.active_count()
        printed = Printed()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            check = Check(
                lesson(number),
                path,
                reference,
                on_judging=functools.partial(self._note_readers_code, False),
            )
            with self._watchdog(check, printed, time_limit):
                check.right = provide_steps(right)
                report = check.run()
        changes = surroundings.restore()
        report.notes += [f"The file {change}. That is undone now." for change in changes]
        report.printed = printed.text()
        report.seconds = time.monotonic() - began - self._compiled
        harmless = report.right or check.untouched
        spoiled = bool(changes) or not harmless or threading.active_count() > threads
        self._answer(report=report.as_dict(), spoiled=spoiled)

    def _reference(self, number: int) -> Evidence:
        if number not in self._references:
            evidence = Evidence(lesson(number), load_solution(number))
            for key in evidence.tried():
                if key != SYMBOLIC:  # a trace has no values, and uses no kernels
                    _ = evidence[key]
            self._references[number] = evidence
        return self._references[number]

    @contextlib.contextmanager
    def _watchdog(self, check: Check, printed: "Printed", limit: float) -> Iterator[None]:
        """Ends the process with a report when the code runs for too long."""
        finished = threading.Event()
        reader = threading.get_ident()

        def watch() -> None:
            spent = 0.0  # seconds in the reader's code, those of compiling not counted
            while not finished.wait(TICK):
                if self._runs_readers_code and not self._compiling_since:
                    spent += TICK
                if spent > limit:
                    self._end_late_check(check, printed, limit, reader)

        watchdog = threading.Thread(target=watch, daemon=True)
        watchdog.start()
        try:
            yield
        finally:
            finished.set()
            watchdog.join()

    def _end_late_check(self, check: Check, printed: "Printed", limit: float, reader: int) -> None:
        report = check.report
        lines = own_lines(sys._current_frames()[reader], check.path)
        finding = [f"the code was still running after {limit:g} s, and was stopped", *lines]
        report.failed(RUNS if report.phases else LOADS, "", finding)
        report.printed = printed.text()
        report.seconds = limit
        self._answer(report=report.as_dict(), spoiled=True)
        os._exit(0)

    def _note_readers_code(self, runs: bool) -> None:
        self._runs_readers_code = runs
        self._answer(readers_code=runs)

    def _begin_kernel(self) -> None:
        self._compiling_since = time.monotonic()
        self._answer(kernel="begin")

    def _end_kernel(self) -> None:
        self._compiled += time.monotonic() - self._compiling_since
        self._compiling_since = None
        self._answer(kernel="end")

    def _answer(self, **content: object) -> None:
        self._answers.write(json.dumps(content) + "\n")
        self._answers.flush()


class Printed(io.TextIOBase):
    """What was printed, up to a length."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._length <= LONGEST_PRINT:
            self._pieces.append(text[: LONGEST_PRINT + 1 - self._length])
            self._length += len(self._pieces[-1])
        return len(text)

    def text(self) -> str:
        text = "".join(self._pieces)
        return text if len(text) <= LONGEST_PRINT else text[:LONGEST_PRINT] + "\n..."


def main() -> None:
    try:
        max_folder()
    except UserError as error:
        sys.exit(" ".join(str(error).splitlines()))
    requests, answers = (int(argument) for argument in sys.argv[1:])
    with open(requests, encoding="utf-8") as incoming, open(answers, "w", encoding="utf-8") as out:  # noqa: PTH123
        Worker(out).serve(incoming)


if __name__ == "__main__":
    main()
