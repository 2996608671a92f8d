"""What the course remembers of a reader: one small file, which may be lost without harm."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from course.files import (
    NUMBERS,
    STEPS,
    Unreadable,
    read_source,
    require_clone,
    solution_path,
    step_path,
    write_atomically,
)
from course.stubs import is_untouched
from gpt2.errors import UserError

STATE_FILE = STEPS / ".progress.json"
HINTS = 3  # of each step


@dataclass
class Step:
    """What is remembered of one step.

    Attributes:
        fingerprint: of the file that was checked last; empty if none was.
        right: whether it was right.
        hints: how many hints were shown.
    """

    fingerprint: str = ""
    right: bool = False
    hints: int = 0


class State:
    """What is remembered of all steps, by this process and by those beside it."""

    def __init__(self) -> None:
        self._steps = _read()
        self._noted: dict[int, dict[str, Any]] = {number: {} for number in NUMBERS}

    def __getitem__(self, number: int) -> Step:
        return self._steps[number]

    def verdict(self, number: int) -> bool | None:
        """Whether the step's file, as it is now, is right; None where it was not checked."""
        step = self._steps[number]
        return step.right if step.fingerprint == fingerprint(number) else None

    def right_steps(self) -> set[int]:
        """The steps whose files, as they are now, were found right."""
        return {number for number in NUMBERS if self.verdict(number)}

    def next_step(self, after: int = 0) -> int | None:
        """The first step that is not right, after this one or else from the beginning on."""
        order = [*NUMBERS[after:], *NUMBERS[:after]]
        return next((number for number in order if not self.verdict(number)), None)

    def remember(self, number: int, checked: str, right: bool) -> None:
        """Notes the verdict on a file, known by its fingerprint, unless it has changed since."""
        if checked == fingerprint(number):
            self.note(number, fingerprint=checked, right=right)

    def note(self, number: int, **fields: object) -> bool:
        """Notes fields of a step, and saves; says whether that was possible."""
        self._noted[number] |= fields
        self._steps = {n: replace(step, **self._noted[n]) for n, step in _read().items()}
        content = {n: asdict(step) for n, step in self._steps.items()}
        try:
            write_atomically(STATE_FILE, (json.dumps(content, indent=1) + "\n").encode())
        except UserError:
            return False
        return True


def load_state() -> State:
    """What is remembered.

    Raises:
        UserError: there are no steps of a reader's.
    """
    require_clone()
    return State()


def _read() -> dict[int, Step]:
    """What is in the file; nothing of what is damaged, or is not there."""
    try:
        content = json.loads(STATE_FILE.read_bytes())
    except (OSError, ValueError, RecursionError):
        content = None
    steps = content if isinstance(content, dict) else {}
    return {number: _step(steps.get(str(number))) for number in NUMBERS}


def _step(content: object) -> Step:
    step = Step()
    if isinstance(content, dict):
        checked, hints = content.get("fingerprint"), content.get("hints")
        if isinstance(checked, str):
            step.fingerprint, step.right = checked, content.get("right") is True
        if type(hints) is int and 0 <= hints <= HINTS:
            step.hints = hints
    return step


def standing(state: State, number: int) -> str:
    """How far a step is, in words."""
    verdict = state.verdict(number)
    if verdict:
        return "right"
    try:
        untouched = is_untouched(read_source(step_path(number)))
    except Unreadable:
        return "no file" if not step_path(number).exists() else "not readable"
    if untouched:
        return "not begun"
    return "not right yet" if verdict is False else "not checked as it is now"


def fingerprint(number: int) -> str:
    """A digest of a step's file and of the solution that it is compared with."""
    digest = hashlib.sha256()
    for path in (step_path(number), solution_path(number)):
        digest.update(_content(path) + b"\0")
    return digest.hexdigest()[:16]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
