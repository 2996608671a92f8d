"""Processes that are measured: contestants, of which one at a time may run, and whole programs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from bench.contestants import Entry

ROOT = Path(__file__).parent.parent
PATIENCE = 30 * 60  # seconds for an answer; some compile for minutes


class MeasuringFailed(Exception):
    """What was to be measured ended, or does not answer; says how."""


class ContestantProcess:
    """One contestant's process. It is stopped whenever it has nothing to do.

    Threads of a library may spin while they wait for work, and would slow down the others.
    It begins by loading, and answers the first task after that.
    """

    def __init__(self, entry: Entry, folder: Path) -> None:
        self.entry = entry
        self.peak_memory = 0  # bytes
        self.failure: str | None = None  # how it ended, if it did
        self._log = folder / f"{entry.name}.log"
        self._connection, theirs = Pipe()
        with self._log.open("wb") as log, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.contestant_main", str(theirs.fileno())],
                # Without env, a child inherits what MAX's C++ put into this process's environment.
                env=os.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                # Of a group of its own, Ctrl-C is not its end, but this program's; and a system
                # hangs up a stopped group that nobody is left to continue.
                process_group=0,
            )
        self._connection.send((entry, folder))

    def begin(self, prompts: list[list[int]], count: int, sampled: bool = False) -> None:
        """Hands out prompts, to be continued by count tokens each; nothing is computed yet."""
        self._ask((prompts, count, sampled))

    def advance(self, count: int) -> dict[str, Any]:
        """Has it write the next tokens; returns what bench.contestant_main.advance does."""
        answer = self._ask(count)
        self.peak_memory = answer["peak_memory"]
        return answer

    def perform(
        self, prompts: list[list[int]], count: int, sampled: bool = False
    ) -> dict[str, Any]:
        """Both at once."""
        self.begin(prompts, count, sampled)
        return self.advance(count)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._connection.close()

    def _ask(self, task: object) -> Any:  # noqa: ANN401  (None, or what advance returns)
        try:
            self._process.send_signal(signal.SIGCONT)
            self._connection.send(task)
            if not self._connection.poll(PATIENCE):
                raise TimeoutError
            answer = self._connection.recv()
        except TimeoutError:
            how = f"did not answer for {PATIENCE / 60:g} minutes"
        except (EOFError, OSError):
            how = how_it_ended(self._process.wait())
        else:
            self._process.send_signal(signal.SIGSTOP)
            return answer
        self.close()
        self.failure = how + last_line(self._log.read_bytes())
        raise MeasuringFailed(self.failure)


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Keeps a core busy meanwhile."""
    command = [sys.executable, "-m", "bench.with_parent", sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ) as process:
        try:
            yield
        finally:
            process.kill()


def run_python(*arguments: str) -> str:
    """What a whole program prints on standard output."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True)
    if done.returncode:
        raise MeasuringFailed(how_it_ended(done.returncode) + last_line(done.stderr))
    return done.stdout.decode()


def how_it_ended(status: int) -> str:
    """A process's end in words, from its return code."""
    return f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"


def last_line(output: bytes) -> str:
    """Behind a colon; nothing of an empty output."""
    lines = output.decode(errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""
