"""`gpt2 watch`: checks a step whenever it is saved, and moves on when it is right."""

import contextlib
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
from course.files import STEPS, step_path
from course.lessons import lesson
from course.show import console, show_report
from course.state import fingerprint
from course.verdicts import Checker
from course.waiting import KernelWait
from gpt2.errors import UserError

POLL = 100  # milliseconds between two looks at the keyboard
SETTLE = 0.1  # seconds in which an editor that saves by renaming puts the new file in place
KEYS = "h hint   l list   q quit"


def watch_steps() -> None:
    """Stays until the reader quits, or until all twelve steps are right.

    Raises:
        UserError: there is no folder to watch.
    """
    if not STEPS.is_dir():
        raise UserError("there is no steps/ to watch: `gpt2 reset --all` writes the stubs")
    changes = watch(STEPS, debounce=50, step=20, rust_timeout=POLL, yield_on_timeout=True)
    with contextlib.suppress(KeyboardInterrupt), KernelWait(0) as wait, Checker(wait) as checker:
        next(changes)  # from here on no save is missed
        watcher = _Watcher(checker, wait)
        if not watcher.move_on():
            return
        with _single_keys():
            for changed in changes:
                for number in sorted({_number(path) for _, path in changed} - {None}):
                    watcher.file_changed(number)
                if watcher.finished or not watcher.key_pressed(_key()):
                    return


class _Watcher:
    """What is being watched, and what was seen of it."""

    def __init__(self, checker: Checker, wait: KernelWait) -> None:
        self.finished = False
        self._checker = checker
        self._wait = wait
        self._output = console()
        self._number = 0
        self._checked: dict[int, str] = {}  # fingerprints

    def move_on(self) -> bool:
        """Goes to the first step that is not right; False when there is none."""
        while (number := self._checker.state.first_unfinished()) is not None:
            self._number = number
            if not self._check(number, brief=True):
                return True
        self.finished = True
        self._output.print(Text("All twelve steps are right.", style="bold green"))
        return False

    def file_changed(self, number: int) -> None:
        """Checks a step that was saved, unless it is as it was."""
        if not step_path(number).exists():
            time.sleep(SETTLE)
        if self._checked.get(number) == fingerprint(number):
            return
        if self._output.is_terminal:
            self._output.clear()
        if self._check(number):
            self._output.print()
            self.move_on()

    def key_pressed(self, key: str) -> bool:
        """Does what a key asks for; False when it is to quit."""
        if key == "h":
            self._output.print()
            show_hints(self._checker.state, self._number)
        elif key == "l":
            self._output.print()
            show_progress()
        return key != "q"

    def _check(self, number: int, *, brief: bool = False) -> bool:
        """Checks and shows a step; where it is right, one line is enough if it is to be brief."""
        self._wait.total = lesson(number).kernels
        self._checked[number] = fingerprint(number)
        report = self._checker.check(number)
        self._wait.stop()
        if brief and report.right:
            self._output.print(Text(f"Step {number:02}  {report.title}  ok"))
        else:
            show_report(report, self._output)
        self._checker.get_ready(number)
        if self._output.is_terminal and not report.right:
            self._output.print(Text(f"\nwatching {STEPS.name}/   {KEYS}", style="dim"))
        return report.right


def _number(path: str) -> int | None:
    match = re.fullmatch(r"step_(\d\d)\.py", Path(path).name)
    return int(match[1]) if match and 1 <= int(match[1]) <= 12 else None


@contextlib.contextmanager
def _single_keys() -> Iterator[None]:
    """Keys arrive at once, without Enter, and are not shown."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _key() -> str:
    """The key that was pressed, if one was."""
    if sys.stdin.isatty() and select.select([sys.stdin], [], [], 0)[0]:
        return sys.stdin.read(1)
    return ""
