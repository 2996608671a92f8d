"""The wait for MAX's kernels: what is going on, and how far it is."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

NEW = "Compiling kernels that are new to this machine: seconds to minutes."
AHEAD = "Compiling for all checks, once on this machine: minutes"
SHORT_WAIT = 1.0  # seconds; a kernel from the cache takes a hundredth of that


class KernelWait:
    """A progress bar on standard error, which appears only if kernels have to be compiled.

    Args:
        total: how many kernels are needed, those that are ready included.
        what: what is going on, in words; they are printed once, the bar on a terminal only.
    """

    def __init__(self, total: int, what: str = NEW) -> None:
        self.total = total
        self.what = what
        self._busy_since: float | None = None
        self._began = 0.0  # when the bar appeared
        self._ready_then = 0
        self._progress: Progress | None = None
        self._told: set[str] = set()
        self._console = Console(stderr=True, highlight=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Takes the bar away, so that something else can be written; it comes again if need be."""
        if self._progress:
            self._progress.stop()
        self._progress = None
        self._busy_since = None

    def __call__(self, ready: int, busy: bool) -> None:
        """Takes note of how many kernels are ready, and whether another is being made."""
        now = time.monotonic()
        if not busy:
            self._busy_since = None
        elif self._busy_since is None:
            self._busy_since = now
        elif self._progress is None and now - self._busy_since > SHORT_WAIT:
            self._begin(ready)
        if self._progress:
            total = max(self.total, ready + busy)
            self._progress.update(
                self._progress.task_ids[0],
                completed=ready,
                total=total,
                times=self._times(ready - self._ready_then, total - ready, now - self._began),
            )

    def _times(self, made: int, missing: int, seconds: float) -> str:
        """How long it has taken, and how long it will, at the same pace."""
        left = f", about {seconds / made * missing:.0f} s left" if made else ""
        return f"{seconds:.0f} s{left}"

    def _begin(self, ready: int) -> None:
        self._began = self._busy_since
        self._ready_then = ready
        if self.what not in self._told:
            self._told.add(self.what)
            print(self.what, file=sys.stderr)
        self._progress = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.completed} of {task.total}, {task.fields[times]}"),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._progress.start()
        self._progress.add_task("", total=self.total, completed=ready, times="")
