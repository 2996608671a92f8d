"""The panels of a checkpoint in fewer bits: rounded once, kept in a file, read in milliseconds."""

import hashlib
import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from gpt2.checkpoint.weights import StoredTensor
from gpt2.engine.folders import cache_folder
from gpt2.engine.kept import DAY, workplace
from gpt2.engine.sources import imported_files

UNUSED = 30 * DAY  # seconds; then the file goes
SUFFIX = ".panels"

logger = logging.getLogger(__name__)


def place(tensors: Mapping[str, StoredTensor], form: str) -> Path:
    """The file for a checkpoint's panels of a format, whether it is there or not.

    A checkpoint that was written anew has another file: what the system says of a file (which it
    is, its size, when it changed) is asked in microseconds, its content in a second.
    """
    digest = hashlib.sha256(form.encode())
    for path in sorted({tensor.path.resolve() for tensor in tensors.values()}):
        found = path.stat()
        changed = found.st_mtime_ns, found.st_ctime_ns
        digest.update(
            repr((str(path), found.st_dev, found.st_ino, found.st_size, changed)).encode()
        )
    for path in sorted(imported_files("gpt2.engine.formats")):
        digest.update(path.read_bytes())
    return cache_folder() / "weights" / f"{digest.hexdigest()[:16]}{SUFFIX}"


def read_into(path: Path, block: np.ndarray) -> bool:
    """Fills a block with what is kept; False if there is nothing, or not all of it."""
    with suppress(OSError), path.open("rb", buffering=0) as file:
        room = memoryview(block).cast("B")
        if os.fstat(file.fileno()).st_size != len(room):
            return False
        done = 0
        while done < len(room) and (count := file.readinto(room[done:])):
            done += count
        os.utime(path)
        return done == len(room)
    return False


def keep(path: Path, block: np.ndarray) -> None:
    """Writes a block; where that is impossible, it is made again the next time."""
    try:
        with workplace(path.parent) as folder:
            unfinished = folder / path.name
            with unfinished.open("wb") as file:
                file.write(memoryview(block).cast("B"))
                file.flush()
                os.fsync(file.fileno())  # or a power failure might leave a file of zeros
            unfinished.replace(path)
            for other in path.parent.glob(f"*{SUFFIX}"):
                with suppress(FileNotFoundError):
                    if time.time() - other.stat().st_mtime > UNUSED:
                        other.unlink()
    except OSError as error:
        logger.warning("%s cannot be kept, so the next start is slower: %s", path, error.strerror)
