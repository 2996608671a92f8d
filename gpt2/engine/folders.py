"""Where the engine keeps what it compiles: native code, so nobody else may write there."""

import errno
import os
import stat
from pathlib import Path

from max._core.engine import max_cache_dir
from platformdirs import user_cache_path

from gpt2.errors import UserError


def cache_folder() -> Path:
    """A folder beside MAX's own cache, so that MODULAR_CACHE_DIR moves both; made if need be.

    Raises:
        UserError: it cannot be made, or others could have put something into it.
    """
    folder = max_folder() / "gpt2"
    _make(folder)
    found = folder.stat()
    theirs = found.st_uid not in (os.getuid(), 0)
    if theirs or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        whose = "belongs to another user" if theirs else "can be written to by others"
        raise UserError(
            f"{folder} {whose}, and code would be run from there:\n"
            "set MODULAR_CACHE_DIR to a folder that only you can write to"
        )
    return folder


def max_folder() -> Path:
    """The folder of MAX's caches, or where MAX has none, the user's; raises as cache_folder."""
    cache = max_cache_dir()
    folder = Path(cache).parent if cache else user_cache_path()
    _make(folder)
    return folder


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(folder.iterdir()) and not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "it is empty and read-only")
    except OSError as error:
        raise unusable(folder, error) from error


def unusable(folder: Path, error: OSError) -> UserError:
    """What to say of a folder that nothing can be kept in."""
    why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
    return UserError(
        f"what is compiled cannot be kept in {folder}: {why}\n"
        "set MODULAR_CACHE_DIR to a folder that you can write to"
    )
