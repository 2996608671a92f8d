"""What all checks need of MAX, compiled ahead: once on a machine."""

import contextlib
import os
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from platformdirs import user_cache_path

from course.court import Court
from course.files import TENSORS
from course.lessons import KERNELS


def is_due() -> bool:
    """Whether it has not been done, and somebody is there who sees it and can put it off."""
    try:
        return sys.stderr.isatty() and not _marker().exists()
    except (OSError, RuntimeError):  # no way into the cache, or no home
        return False


def compile_ahead(on_wait: Callable[[int, bool], None]) -> None:
    """Compiles all, and notes that this is done; what has been compiled so far is not repeated.

    Args:
        on_wait: as for `Court`; what it raises ends the work.

    Raises:
        UserError: the process that compiles cannot run.
    """
    with Court(on_wait) as court:
        for number in sorted(TENSORS):
            court.prepare(number)
    with contextlib.suppress(OSError, RuntimeError):
        # As the engine makes it, too, which wants to be the only one who writes there.
        _marker().parent.mkdir(mode=0o700, exist_ok=True)
        _marker().touch()


def _marker() -> Path:
    """An empty file beside MAX's cache: who deletes that, or takes another MAX, compiles anew."""
    chosen, old = os.environ.get("MODULAR_CACHE_DIR"), Path.home() / ".modular"
    # MAX chooses in this order, too.
    cache = Path(chosen or old) if chosen or old.is_dir() else user_cache_path("modular")
    return cache / "gpt2" / f"{KERNELS}-kernels-of-{metadata.version('max')}"
