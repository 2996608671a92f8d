"""`gpt2 reset`: the stub again. What it replaces is kept under a dated name."""

import datetime
import os
from collections.abc import Iterable
from pathlib import Path

from course.files import require_clone, shown, step_path, write_atomically
from course.stubs import make_stub
from gpt2.errors import UserError


def reset_steps(numbers: Iterable[int]) -> None:
    """Restores stubs and says what became of the files.

    Raises:
        UserError: something cannot be written. The file is then as it was.
    """
    require_clone()
    for number in numbers:
        path, stub = step_path(number), make_stub(number).encode()
        if content_of(path) == stub:
            print(f"{shown(path)} is the stub already")
            continue
        kept = keep(path)
        write_atomically(path, stub)
        print(f"{shown(path)} is the stub again" + (f"; yours is now {kept.name}" if kept else ""))


def keep(path: Path) -> Path | None:
    """Copies the reader's file, if there is one; a folder, or what cannot be read, is renamed.

    Returns:
        The copy, under a dated name.

    Raises:
        UserError: that is not possible.
    """
    now = datetime.datetime.now()
    kept = path
    while os.path.lexists(kept):  # two resets within a second must not meet
        kept = path.with_name(f"{path.stem}.{now:%Y-%m-%d_%H%M%S}.py")
        now += datetime.timedelta(seconds=1)
    if not path.exists():
        return None
    if (content := content_of(path)) is not None:
        write_atomically(kept, content)
        return kept
    try:
        return path.rename(kept)
    except OSError as error:
        raise UserError(f"{shown(path)} cannot be kept: {error.strerror}") from error


def content_of(path: Path) -> bytes | None:
    """What is in a file; None where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None
