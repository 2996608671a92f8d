"""Where the steps and their solutions lie, and how their files are read and written."""

import contextlib
import os
from pathlib import Path

from gpt2.errors import UserError

ROOT = Path(__file__).parent.parent
STEPS = ROOT / "steps"
SOLUTIONS = ROOT / "solutions"
NUMBERS = range(1, 21)
MODEL = range(1, 13)  # the steps that are GPT-2; those behind them are the engine
TENSORS = {*MODEL[1:], 15}  # the steps that need MAX; for the others NumPy is enough
KERNEL = 20  # the step that is written in Mojo
STEP_MODULE = "steps.step_"  # and two digits: the name under which later steps import it


class Unreadable(Exception):
    """A step's file cannot be read as text: says why, and what to do."""


def require_clone() -> None:
    """Makes sure that there are steps of a reader's.

    Raises:
        UserError: this is a package that was installed, and no clone of the repository.
    """
    if not (ROOT / "pyproject.toml").is_file():
        raise UserError(
            f"the course works in a clone of its repository, and {ROOT} is none: "
            "`git clone` it, and run gpt2 there"
        )


def step_path(number: int) -> Path:
    """The reader's file."""
    return STEPS / f"step_{number:02}{_suffix(number)}"


def solution_path(number: int) -> Path:
    """The reference."""
    return SOLUTIONS / f"solution_{number:02}{_suffix(number)}"


def _suffix(number: int) -> str:
    return ".mojo" if number == KERNEL else ".py"


def step_module(number: int) -> str:
    """The full name of a step's module."""
    return f"{STEP_MODULE}{number:02}"


def shown(path: Path) -> str:
    """The path as the reader types it: relative to the project where it lies inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def read_source(path: Path) -> str:
    """The text of a source file.

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


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file as a whole, or not at all; of a symbolic link, the file that it leads to.

    Raises:
        UserError: the folder cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(target)
    except FileExistsError as error:
        raise UserError(f"{shown(path.parent)} is no folder: move it away") from error
    except OSError as error:
        raise UserError(f"{shown(path)} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()  # there is one only where something failed
