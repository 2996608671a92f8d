"""Noticing when MAX compiles a kernel: a wait of seconds, once per machine."""

import functools
from collections.abc import Callable

from max.engine import InferenceSession


def watch_kernels(begin: Callable[[], None], end: Callable[[], None]) -> None:
    """Has these called before and after each kernel is compiled, or read from the cache.

    MAX's interpreter gets every kernel through `InferenceSession.load_all`, when an operation
    first runs in a process.
    """
    load_all = InferenceSession.load_all

    @functools.wraps(load_all)
    def watched(*arguments: object, **options: object) -> object:
        begin()
        try:
            return load_all(*arguments, **options)
        finally:
            end()

    InferenceSession.load_all = watched
