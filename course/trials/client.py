"""A trial in another process, seen from here: asked for outcomes, timed, stopped."""

import math
import os
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course.faults import where
from course.outcomes import decode
from course.trials.process import Process

TICK = 0.05  # seconds between two looks at the time that the code has taken
LOOKS = 20  # for the answer of Python that is asked where it is
JUNK = (
    "something else than the check answered in its place: does the code write to file "
    "descriptors that it did not open?"
)
NONSENSE = (AttributeError, LookupError, TypeError, ValueError)  # of what only JUNK can contain


class Lost(Exception):
    """There will be no outcome: its arguments say why, each a line of a report."""


@dataclass
class RemoteTrial:
    """What `course.trials.trial.Trial` is, in a process of its own."""

    process: Process
    on_wait: Callable[[bool], None]  # called a few times a second: is a kernel being made?
    number: int
    source: str
    path: Path
    right: list[int]
    is_readers: bool = False
    time_limit: float = math.inf  # seconds
    printed: str = ""
    kernels: int = 0  # that it has had compiled, or read from the cache
    seconds: float = 0.0  # that it has taken, kernels aside

    def __post_init__(self) -> None:
        self._id = secrets.randbits(60)
        self._busy = False  # with a kernel
        self._outcomes: dict[str, object] = {}
        begin = [self.number, self.source, str(self.path), self.right, self.is_readers]
        self.process.send(trial=self._id, begin=begin)

    def ask_for(self, *keys: str) -> None:
        """Has outcomes found, for which nobody waits."""
        for key in keys:
            self.process.send(trial=self._id, key=key)

    def __getitem__(self, key: str) -> object:
        """The outcome.

        Raises:
            Lost: there is none, by the code's fault.
            UserError: there is none, and the code is ours.
        """
        if key not in self._outcomes:
            self.process.send(trial=self._id, key=key)
        try:
            while key not in self._outcomes:
                self._take()
        except EOFError:
            raise self._describe_end() from None
        except NONSENSE:
            raise Lost(JUNK) from None
        return self._outcomes[key]

    def _take(self) -> None:
        """Takes an answer, or waits for a moment."""
        began = time.monotonic()
        answer = self.process.receive(TICK)
        self.seconds += 0.0 if self._busy else time.monotonic() - began
        if answer and answer["trial"] == self._id:  # what has another number is none of ours
            if "kernel" in answer:
                self._busy = answer["kernel"]
                self.kernels += not self._busy
            self.printed += answer.get("printed", "")
            if "outcome" in answer:
                self._outcomes[answer["key"]] = decode(answer["outcome"])
        if self.seconds > self.time_limit:
            raise self._describe_delay()
        self.on_wait(self._busy)

    def _describe_delay(self) -> Lost:
        self.process.signal(signal.SIGURG)  # asks Python where it is
        for _ in range(LOOKS):
            time.sleep(TICK)
            if lines := where(self.process.errors(), self.path):
                break
        late = f"the code was still running after {self.time_limit:g} s, and was stopped"
        return Lost(late, *lines)

    def _describe_end(self) -> Exception:
        status = self.process.end()
        if not self.is_readers:
            return self.process.broken()
        if status == os.EX_IOERR:
            return Lost("the code closed the file descriptors through which it is checked")
        end = f"ended Python in the middle of the check, with status {status}"
        if status < 0:
            names = [known.name for known in signal.Signals if known == -status]
            name = names[0] if names else f"signal {-status}"
            end = f"brought Python down ({name}), or the machine is out of memory"
        return Lost(f"the code {end}", *where(self.process.errors(), self.path))
