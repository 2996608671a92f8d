"""The worker process from the outside: started ahead, waited for, ended."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, NamedTuple

from course.files import ROOT, shown
from course.report import Report
from gpt2.errors import UserError

TIME_LIMIT = 10.0  # seconds for one step's code; a right answer needs less than one
GRACE = 5.0  # and this much more for a worker that cannot end itself
TICK = 0.2  # seconds between two calls of `on_wait`


class WorkerDied(Exception):
    """The worker ended before it answered: says how."""


class Process(NamedTuple):
    """A worker process, this program's ends of its pipes, and its standard error."""

    process: subprocess.Popen
    requests: int
    answers: int
    errors: IO[str]


_ahead: list[Process] = []


def start_ahead() -> None:
    """Starts the process that the next Worker will use: it takes a second to load MAX."""
    with contextlib.suppress(UserError):  # the Worker will say it
        _ahead.append(_start())


def _start() -> Process:
    try:
        return _spawn()
    except OSError as error:
        raise UserError(f"no process to check steps can be started: {error.strerror}") from error


def _spawn() -> Process:
    request_end, requests = os.pipe()
    answers, answer_end = os.pipe()
    errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  (lives as long)
    process = subprocess.Popen(
        [sys.executable, "-m", "course.worker", str(request_end), str(answer_end)],
        cwd=ROOT,
        env=os.environ | {},  # MAX, if it is loaded here, has changed the real one
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=(request_end, answer_end),
        start_new_session=True,  # Ctrl-C is for the program that the reader talks to
    )
    os.close(request_end)
    os.close(answer_end)
    return Process(process, requests, answers, errors)


class Worker:
    """A process that checks steps; `with` ends it, even while a step's code runs on.

    Args:
        on_wait: called a few times a second while waiting, with the number of kernels that are
            ready, and whether another is being made.
    """

    def __init__(self, on_wait: Callable[[int, bool], None] = lambda ready, busy: None) -> None:
        self.on_wait = on_wait
        self.spoiled = False
        self.kernels = 0
        self._compiling = False
        self._received = b""
        started = _ahead.pop() if _ahead else _start()
        self._process, self._requests, self._answers, self._errors = started

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Ends the process, whatever it is doing."""
        if self._process.returncode is None:
            self._process.kill()
            self._end_of_process()

    def prepare(self, number: int, *, wait: bool = True) -> None:
        """Has the reference of a step run, so that a check of it is quick.

        Raises:
            UserError: the process cannot run.
        """
        self._ask(prepare=number)
        if wait:
            self._await("prepared", limit=None)

    def check(
        self, number: int, title: str, path: Path, right: Collection[int], limit: float = TIME_LIMIT
    ) -> Report:
        """Checks a file; a report comes back whatever its code does."""
        self._ask(check=number, path=str(path), right=sorted(right), time_limit=limit)
        try:
            answer = self._await("report", limit=limit + GRACE)
        except WorkerDied as death:
            self.spoiled = True
            report = Report(number, title, shown(path))
            report.failed("runs", "", [str(death)])
            return report
        self.spoiled = answer["spoiled"]
        return Report.from_dict(answer["report"])

    def _ask(self, **request: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # it died: reading will tell how
            os.write(self._requests, (json.dumps(request) + "\n").encode())

    def _await(self, key: str, limit: float | None) -> dict[str, object]:
        """The next answer that has this key.

        Args:
            key: what it has to contain.
            limit: seconds to wait while the reader's code runs and no kernel is being made.

        Raises:
            WorkerDied: it ended while it ran the reader's code, or had to be ended.
            UserError: it ended before.
        """
        waited = 0.0
        begun = runs_readers_code = False
        while True:
            while b"\n" in self._received:
                line, _, self._received = self._received.partition(b"\n")
                answer = json.loads(line)
                if key in answer:
                    return answer
                runs_readers_code = answer.get("readers_code", runs_readers_code)
                begun = begun or runs_readers_code
                if "kernel" in answer:
                    self._compiling = answer["kernel"] == "begin"
                    self.kernels += not self._compiling
            began = time.monotonic()
            if select.select([self._answers], [], [], TICK)[0]:
                content = os.read(self._answers, 65536)
                if not content and not begun:
                    raise self._broken_worker()
                if not content:
                    raise WorkerDied(self._describe_death())
                self._received += content
            elif runs_readers_code and not self._compiling and limit is not None:
                waited += time.monotonic() - began
                if waited > limit:
                    self.end()
                    raise WorkerDied(f"the code did not end within {limit - GRACE:g} s")
            self.on_wait(self.kernels, self._compiling)

    def _broken_worker(self) -> UserError:
        """It ended before it ran any of the reader's code: that is no fault of theirs."""
        status = self._end_of_process()
        self._errors.seek(0)
        last = (self._errors.read().strip().splitlines() or [f"status {status}"])[-1]
        return UserError(
            f"the process that checks steps cannot run: {last}\n"
            "`gpt2 doctor` may know more; `uv sync` installs what is missing"
        )

    def _end_of_process(self) -> int:
        status = self._process.wait()
        os.close(self._requests)
        os.close(self._answers)
        return status

    def _describe_death(self) -> str:
        status = self._end_of_process()
        if status < 0:
            name = signal.Signals(-status).name
            return f"the code brought Python down ({name}), or the machine is out of memory"
        return f"the code ended Python in the middle of the check, with status {status}"
