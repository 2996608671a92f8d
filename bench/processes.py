"""Contestants in processes of their own, of which one at a time may run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.contestants import Entry
from gpt2.errors import UserError


class ContestantFailed(UserError):
    """A contestant ended."""


class ContestantProcess:
    """One contestant's process. It is stopped whenever it has nothing to do.

    Threads of a library may spin while they wait for work, and would slow down the others.
    """

    def __init__(self, entry: Entry, folder: Path) -> None:
        self.entry = entry
        self.peak_memory = 0  # bytes
        self._errors = (folder / f"{entry.name}.log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.contestant_process", entry.name, str(folder)],
            # Without env, a child inherits what MAX's C++ put into this process's environment.
            env=os.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        self._answer()

    def begin(self, prompts: list[list[int]], count: int) -> None:
        """Hands out prompts, to be continued by count tokens each; nothing is computed yet."""
        self._ask({"prompts": prompts, "count": count})

    def advance(self, count: int) -> dict[str, Any]:
        """Has it write the next tokens; returns what bench.contestant_process.advance does."""
        answer = self._ask({"advance": count})
        self.peak_memory = answer["peak_memory"]
        return answer

    def perform(self, prompts: list[list[int]], count: int) -> dict[str, Any]:
        """Both at once."""
        self.begin(prompts, count)
        return self.advance(count)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def _ask(self, task: dict[str, Any]) -> dict[str, Any]:
        self._process.send_signal(signal.SIGCONT)
        print(json.dumps(task), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise ContestantFailed(
                f"{self.entry.name} failed, and wrote:\n{self._errors.read()[-2000:]}"
            )
        self._process.send_signal(signal.SIGSTOP)
        return json.loads(line)
