"""What the course remembers of a reader: one small file, which may be lost without harm."""

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from course.files import (
    NUMBERS,
    STEPS,
    Unreadable,
    read_source,
    solution_path,
    step_path,
    write_atomically,
)
from course.stubs import is_untouched
from gpt2.errors import UserError

STATE_FILE = STEPS / ".progress.json"


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
    """What is remembered of all steps."""

    def __init__(self, steps: dict[int, Step]) -> None:
        self._steps = {number: steps.get(number, Step()) for number in NUMBERS}

    def __getitem__(self, number: int) -> Step:
        return self._steps[number]

    def verdict(self, number: int) -> bool | None:
        """Whether the step's file, as it is now, is right; None where it was not checked."""
        step = self._steps[number]
        return step.right if step.fingerprint == fingerprint(number) else None

    def right_steps(self) -> set[int]:
        """The steps whose files, as they are now, were found right."""
        return {number for number in NUMBERS if self.verdict(number)}

    def first_unfinished(self) -> int | None:
        """The first step that is not right; None when all are."""
        return next((number for number in NUMBERS if not self.verdict(number)), None)

    def remember(self, number: int, checked: str, right: bool) -> None:
        """Notes the verdict on a file, known by its fingerprint, and saves."""
        step = self._steps[number]
        if (step.fingerprint, step.right) != (checked, right):
            step.fingerprint, step.right = checked, right
            self.save()

    def save(self) -> None:
        """Writes the file; where that is not possible, nothing is remembered."""
        content = {number: asdict(step) for number, step in self._steps.items()}
        with contextlib.suppress(UserError):
            write_atomically(STATE_FILE, json.dumps(content, indent=1) + "\n")


def load_state() -> State:
    """What is remembered; nothing where the file is missing or damaged."""
    try:
        content = json.loads(STATE_FILE.read_text(encoding="utf-8"))
        return State({int(number): Step(**step) for number, step in content.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return State({})


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
