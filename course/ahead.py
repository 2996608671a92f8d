"""What all checks need of MAX, compiled ahead: once on a machine."""

import sys
from collections.abc import Callable

from course.compiled import is_compiled, note_compiled
from course.court import Court
from course.files import TENSORS


def is_due() -> bool:
    """Whether it has not been done, and somebody is there who sees it and can put it off."""
    return sys.stderr.isatty() and not is_compiled()


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
    note_compiled()
