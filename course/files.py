"""Where the steps and their solutions lie, and how their files are read and written."""

import os
from pathlib import Path

from gpt2.errors import UserError

ROOT = Path(__file__).parent.parent
STEPS = ROOT / "steps"
SOLUTIONS = ROOT / "solutions"
NUMBERS = range(1, 13)
STEP_MODULE = "steps.step_"  # and two digits: the name under which later steps import it


class Unreadable(Exception):
    """A step's file cannot be read as text: says why, and what to do."""


def step_path(number: int) -> Path:
    """The reader's file."""
    return STEPS / f"step_{number:02}.py"


def solution_path(number: int) -> Path:
    """The reference."""
    return SOLUTIONS / f"solution_{number:02}.py"


def step_module(number: int) -> str:
    """The full name of a step's module."""
    return f"{STEP_MODULE}{number:02}"


def shown(path: Path) -> str:
    """The path as the reader types it: relative to the project where it lies inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def read_source(path: Path) -> str:
    """The text of a Python file.

    Raises:
        Unreadable: the file is missing, empty, a folder, or not UTF-8.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(f"there is no {shown(path)}") from None
    except OSError as error:
        raise Unreadable(f"{shown(path)} cannot be read: {error.strerror}") from None
    if not content.strip():
        raise Unreadable(f"{shown(path)} is empty")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(
            f"{shown(path)} is not UTF-8: byte 0x{content[error.start]:02x} in line {line}. "
            "Save it as UTF-8"
        ) from None


def write_atomically(path: Path, text: str) -> None:
    """Replaces a file as a whole, or not at all.

    Raises:
        UserError: the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UserError(f"{shown(path)} cannot be written: {error.strerror}") from error
