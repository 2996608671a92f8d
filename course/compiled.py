"""Whether all that checks need of MAX has been compiled on this machine: an empty file says so."""

import contextlib
import os
from importlib import metadata
from pathlib import Path

from platformdirs import user_cache_path

from course.lessons import KERNELS


def is_compiled() -> bool:
    """Whether it is; where nobody can know, it is not."""
    try:
        return _marker().exists()
    except (OSError, RuntimeError):  # no way into the cache, or no home
        return False


def note_compiled() -> None:
    """Remembers that it is."""
    with contextlib.suppress(OSError, RuntimeError):
        # As the engine makes it, too, which wants to be the only one who writes there.
        _marker().parent.mkdir(mode=0o700, exist_ok=True)
        _marker().touch()


def _marker() -> Path:
    """A file beside MAX's cache: who deletes that, or takes another MAX, compiles anew."""
    chosen, old = os.environ.get("MODULAR_CACHE_DIR"), Path.home() / ".modular"
    # MAX chooses in this order, too.
    cache = Path(chosen or old) if chosen or old.is_dir() else user_cache_path("modular")
    return cache / "gpt2" / f"{KERNELS}-kernels-of-{metadata.version('max')}"
