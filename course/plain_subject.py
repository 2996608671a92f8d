"""The code of a step that needs no tensors, as experiments run it."""

import copy
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import numpy as np

from course.outcomes import ChangedInput


@dataclass
class PlainSubject:
    """The names of a step, and its calls.

    Attributes:
        step: the code; of step 20, what it was compiled into.
        is_readers: whether a reader wrote it, and not we.
    """

    step: ModuleType | ctypes.CDLL | SimpleNamespace
    is_readers: bool

    def call(self, function: Callable[..., object], *arguments: object) -> object:
        """What the function returns; of arrays, lists and dictionaries it gets copies.

        Raises:
            ChangedInput: it wrote into one of them.
        """
        copies = [copy.deepcopy(a) if isinstance(a, _WATCHED) else a for a in arguments]
        result = function(*copies)
        if not all(map(_same, arguments, copies)):
            raise ChangedInput
        return result


_WATCHED = np.ndarray | list | dict


def _same(before: object, after: object) -> bool:
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[k], after[k]) for k in before)
    return not isinstance(before, list) or before == after
