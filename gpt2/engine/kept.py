"""Files that take long to make: made once, kept, and made again where they are damaged."""

import hashlib
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SUFFIX = ".mef"  # MAX's executable format
DAY = 24 * 60 * 60  # seconds

logger = logging.getLogger(__name__)  # without a handler, it writes to standard error


def kept_file(folder: Path, key: str, make: Callable[[Path], None]) -> Path:
    """The file of a key, which `make` writes where nobody has, or where it is damaged.

    Its name ends with a digest of its content. An OSError says that none can be kept there.
    """
    damaged = []
    for path in folder.glob(f"{key}-*"):
        with suppress(OSError):
            if path.name == _name(key, path):
                return path
        damaged.append(path)
    if damaged:
        logger.warning("%s is damaged: it is compiled again", damaged[0])
    with workplace(folder) as unfinished:
        made = unfinished / key
        make(made)
        for path in damaged:
            with suppress(FileNotFoundError):  # another process was faster
                path.rename(unfinished / path.name)
        return made.replace(folder / _name(key, made))


def _name(key: str, path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{key}-{digest[:16]}{SUFFIX}"


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A folder for what nobody shall find half finished; takes away those of killed processes."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("tmp*"):
        with suppress(FileNotFoundError):  # it just disappeared
            if time.time() - left.stat().st_mtime > DAY:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        yield Path(name)
