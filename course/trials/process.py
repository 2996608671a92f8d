"""A process that runs the code of steps, seen from the program that talks to the reader."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from course.files import ROOT
from gpt2.errors import UserError

TICK = 0.1  # seconds
GRACE = 1.0  # seconds in which a process may end by itself
LONGEST_LINE = 1 << 28  # bytes
LONGEST_ERROR = 20_000  # bytes of the end of standard error


class Process:
    """The keeper and what it keeps, asked and answered in JSON; ends with this program."""

    def __init__(self, tensors: bool) -> None:
        """tensors: whether it loads MAX, for a second, before it is ready."""
        try:
            self._start(tensors)
        except OSError as error:
            why = f"no process to check steps can be started: {error.strerror}"
            raise UserError(why) from error

    def _start(self, tensors: bool) -> None:
        self._connection, theirs = socket.socketpair()
        self._received = bytearray()
        self._ready = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "course.trials.keeper", str(theirs.fileno()), str(int(tensors))],
            cwd=ROOT,
            env=os.environ | {},  # MAX, if it is loaded here, has changed the real one
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is for this program
        )
        theirs.close()

    @property
    def ended(self) -> bool:
        return self._process.returncode is not None

    def send(self, **request: object) -> None:
        """Asks for something; where the process is gone, `receive` will tell."""
        if self._process.poll() is None:  # else SIGPIPE might end this one
            self._connection.settimeout(None)
            with contextlib.suppress(OSError):
                self._connection.sendall(json.dumps(request).encode() + b"\n")

    def receive(self, seconds: float) -> Any:  # noqa: ANN401
        """The next answer; None if there is none within so many seconds.

        Raises:
            EOFError: there will be no more.
            ValueError: what came is not JSON.
        """
        if b"\n" not in self._received:
            self._connection.settimeout(seconds)
            try:
                content = self._connection.recv(1 << 16)
            except (TimeoutError, ConnectionError):
                if self._process.poll() is None:
                    return None
                content = b""
            if not content:
                raise EOFError
            self._received += content
        line, end, rest = self._received.partition(b"\n")
        if not end and len(line) < LONGEST_LINE:
            return None
        self._received = rest
        return json.loads(line)

    def wait_until_ready(self, on_wait: Callable[[], None]) -> None:
        """Waits until it can run steps; a UserError says that it never will."""
        try:
            while not self._ready:
                self._ready = self.receive(TICK) is not None
                on_wait()
        except EOFError:
            self.end()
            raise self.broken() from None

    def broken(self) -> UserError:
        """What to say of a process that ended without the reader's code."""
        lines = self.errors().strip().splitlines() or [f"status {self.end()}"]
        return UserError(
            f"the process that checks steps cannot run: {lines[-1]}\n"
            "`gpt2 doctor` may know more; `uv sync` installs what is missing"
        )

    def errors(self) -> str:
        """The end of what was written to standard error."""
        file = self._errors.fileno()
        start = max(os.fstat(file).st_size - LONGEST_ERROR, 0)
        return os.pread(file, LONGEST_ERROR, start).decode(errors="replace")

    def signal(self, number: int) -> None:
        """Sends a signal to the process and to all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def end(self) -> int:
        """Ends the process and all that it started, whatever they are doing.

        Returns:
            Its exit status; that of a signal is below 0.
        """
        if not self.ended:
            self._connection.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE)
            self.signal(signal.SIGKILL)
            self._process.kill()  # it may have left its group
        status = self._process.wait()
        return status - 256 if status > 127 else status
