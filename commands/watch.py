"""`gpt2 watch`: checks a step whenever it is saved, and moves on when it is right."""

import contextlib
import os
import re
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text
from watchfiles import watch

from commands.hint import show_hints
from commands.progress import show_progress
from course.ahead import compile_ahead, is_due
from course.files import NUMBERS, STEPS, require_clone, step_path
from course.lessons import KERNELS, lesson
from course.show import console, show_report, what_next
from course.state import fingerprint
from course.verdicts import Verdicts
from course.waiting import AHEAD, NEW, KernelWait
from gpt2.errors import UserError

POLL = 100  # milliseconds to wait for a save before a look at the keyboard
SETTLE = 0.1  # seconds in which an editor that saves by renaming puts the new file in place
KEYS = "h hint   l list   q quit"


def watch_steps(first: int | None) -> None:
    """Stays until the reader quits, or until all steps are right.

    Args:
        first: the step to begin with; None for the first one that is not right.

    Raises:
        UserError: there is no folder to watch.
    """
    require_clone()
    if not STEPS.is_dir():
        raise UserError("there is no steps/ to watch: `gpt2 reset --all` writes the stubs")
    with (
        contextlib.suppress(KeyboardInterrupt),
        _single_keys(),
        KernelWait(0) as wait,
        Verdicts(wait) as verdicts,
    ):
        watcher = _Watcher(verdicts, wait)
        watcher.go_to(first or verdicts.state.next_step())
        while not watcher.finished:
            watcher.go_on()


class _Interrupted(Exception):
    """The reader did something while kernels were compiled ahead."""


class _Watcher:
    """What is being watched, what was seen of it, and what is done about it."""

    def __init__(self, verdicts: Verdicts, wait: KernelWait) -> None:
        self.finished = False
        self._verdicts = verdicts
        self._wait = wait
        self._output = console()
        self._number = 0
        self._checked: dict[int, str] = {}  # fingerprints
        self._compiles_ahead = is_due()
        self._saved: set[int] = set()
        self._keys = ""
        self._changes = watch(STEPS, debounce=50, step=20, rust_timeout=POLL, yield_on_timeout=True)
        self._look()  # from here on no save is missed

    def go_to(self, number: int | None) -> None:
        """Checks this step, and the next ones until one is not right."""
        while number is not None:
            self._number = number
            if not self._check(number, brief=True):
                return
            number = self._verdicts.state.next_step(after=number)
        self.finished = True
        self._output.print(
            Text("All twenty steps are right", style="bold green").append(
                f"; {what_next(None)}", style="not bold default"
            )
        )

    def go_on(self) -> None:
        """Does what the reader asks for; while that is nothing, kernels are compiled."""
        self._look()
        saved, self._saved = self._saved, set()
        for number in sorted(saved):
            self._file_changed(number)
        keys, self._keys = self._keys, ""
        for key in keys:
            self._key_pressed(key)
        if self._compiles_ahead and not self.finished:
            self._compile_ahead()

    def _look(self) -> bool:
        """Waits a moment; says whether there was a save, or a key."""
        paths = [path for _, path in next(self._changes)]
        self._saved |= {number for path in paths if (number := _number(path))}
        self._keys += _key()
        return bool(self._saved or self._keys)

    def _file_changed(self, number: int) -> None:
        """Checks a step that was saved, unless it is as it was."""
        if not step_path(number).exists():
            time.sleep(SETTLE)
        if self._checked.get(number) == fingerprint(number):
            return
        if self._output.is_terminal:
            self._output.clear()
        if self._check(number):
            self._output.print()
            self.go_to(self._verdicts.state.next_step(after=number))

    def _key_pressed(self, key: str) -> None:
        if key == "h":
            self._output.print()
            state = self._verdicts.state
            all_given = state[self._number].hints == len(lesson(self._number).hints)
            show_hints(state, self._number, again=all_given)
        elif key == "l":
            self._output.print()
            show_progress()
        elif key == "q":
            self.finished = True

    def _check(self, number: int, *, brief: bool = False) -> bool:
        """Checks and shows a step; where it is right, one line is enough if it is to be brief."""
        self._wait.total, self._wait.what = lesson(number).kernels, NEW
        self._checked[number] = fingerprint(number)
        report = self._verdicts.check(number)
        self._wait.stop()
        following = self._verdicts.state.next_step(after=number)
        if report.right and (brief or following is None):
            self._output.print(Text(f"Step {number:02}  {report.title}  ok"))
        else:
            show_report(report, following, self._output)
        self._verdicts.get_ready(self._number)
        if self._output.is_terminal and not report.right:
            self._output.print(Text(f"\nwatching {STEPS.name}/   {KEYS}", style="dim"))
        return report.right

    def _compile_ahead(self) -> None:
        """Compiles what later steps need, until that is done or the reader does something."""

        def on_wait(ready: int, busy: bool) -> None:
            self._wait(ready, busy)
            if self._look():
                raise _Interrupted

        self._wait.total, self._wait.what = KERNELS, f"{AHEAD}, while you write."
        with contextlib.suppress(_Interrupted):
            compile_ahead(on_wait)
            self._compiles_ahead = False
        self._wait.stop()


def _number(path: str) -> int | None:
    match = re.fullmatch(r"step_(\d\d)\.(py|mojo)", Path(path).name)
    return int(match[1]) if match and int(match[1]) in NUMBERS else None


@contextlib.contextmanager
def _single_keys() -> Iterator[None]:
    """Keys arrive at once, without Enter, and are not shown."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin, termios.TCSANOW)  # keeps what was typed before
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _key() -> str:
    """The key that was pressed, if one was."""
    if sys.stdin.isatty() and select.select([sys.stdin], [], [], 0)[0]:
        return os.read(sys.stdin.fileno(), 1).decode(errors="replace")  # past Python's buffer
    return ""
