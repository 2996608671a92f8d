"""`gpt2 reset`: the stub again. What it replaces is kept under a dated name."""

import datetime
from collections.abc import Iterable
from pathlib import Path

from course.files import Unreadable, read_source, shown, step_path
from course.stubs import is_untouched, make_stub, write_stub


def reset_steps(numbers: Iterable[int]) -> None:
    """Restores stubs and says what became of the files."""
    for number in numbers:
        path = step_path(number)
        if _content(path) == make_stub(number):
            print(f"{shown(path)} is the stub already")
            continue
        kept = _keep(path)
        write_stub(number)
        print(f"{shown(path)} is the stub again" + (f"; yours is now {kept.name}" if kept else ""))


def _keep(path: Path) -> Path | None:
    """Renames the reader's file, if there is one with work in it."""
    content = _content(path)
    if not path.exists() or (content is not None and is_untouched(content)):
        return None
    now = datetime.datetime.now()
    for second in range(60):  # two resets within a second must not meet
        stamp = (now + datetime.timedelta(seconds=second)).strftime("%Y-%m-%d_%H%M%S")
        kept = path.with_name(f"{path.stem}.{stamp}.py")
        if not kept.exists():
            return path.rename(kept)
    raise FileExistsError(path)


def _content(path: Path) -> str | None:
    try:
        return read_source(path)
    except Unreadable:
        return None
