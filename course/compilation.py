"""Noticing when MAX compiles a kernel: a wait of seconds, once per machine."""

import functools
from collections.abc import Callable

from max.engine import InferenceSession


def watch_kernels(note: Callable[[bool], None]) -> None:
    """Has this called around each kernel that is compiled, or read from the cache.

    MAX's interpreter gets every kernel through `InferenceSession.load_all`, when an operation
    first runs in a process.

    Args:
        note: gets True before, False after.
    """
    load_all = InferenceSession.load_all

    @functools.wraps(load_all)
    def watched(*arguments: object, **options: object) -> object:
        note(True)
        try:
            return load_all(*arguments, **options)
        finally:
            note(False)

    InferenceSession.load_all = watched
