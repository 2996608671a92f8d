"""What step 20 is tried with: panels of weights, room around them, and a stopwatch."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from course.files import KERNEL, read_source, solution_path
from course.lesson import Experiment
from course.outcomes import Violated
from gpt2.threads import thread_count

if TYPE_CHECKING:
    from course.plain_subject import PlainSubject

LANES = 16
AROUND = 4  # times as much memory before and behind the output: who counts bytes stays in it
UNTOUCHED = np.float32(-12345.678)
POINTERS = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 2

LARGE = 2048, 2048  # panels and k of 256 MB, which no processor's cache holds
ROUNDS = 6
PATIENCE = 2.0  # seconds for all rounds


def multiply(count: int, k: int) -> Experiment:
    """The product of random panels `[count, k, 16]` with a vector."""

    def run(subject: PlainSubject) -> np.ndarray:
        rng = np.random.default_rng(count * 1000 + k)
        inputs = rng.normal(size=k), rng.normal(size=count * k * LANES)
        # NaN behind what is to be read: who reads on shows it.
        x, panels = (np.full(AROUND * (count * k + 1) * LANES, np.nan, "f4") for _ in inputs)
        x[:k], panels[: count * k * LANES] = inputs
        before = x.copy(), panels.copy()
        size = count * LANES
        room = np.full((2 * AROUND + 1) * size, UNTOUCHED)
        output = room[AROUND * size : (AROUND + 1) * size]
        _product(subject.step)(output, x, panels, count, k)
        found = output.copy()
        output[:] = UNTOUCHED
        if (room != UNTOUCHED).any():
            raise Violated(f"it writes beyond the output, which has {size} numbers")
        for old, new in zip(before, (x, panels), strict=True):
            if not np.array_equal(old, new, equal_nan=True):
                raise Violated("it writes into x or the panels, which are there to be read")
        return found

    panels = "1 panel" if count == 1 else f"{count} panels"
    return Experiment(f"product of {panels} [{k}, 16]", run, ("output",))


def _product(library: ctypes.CDLL | SimpleNamespace) -> Callable[..., None]:
    """The function of a library, which takes arrays."""
    function = library.product
    function.argtypes, function.restype = POINTERS, None

    def product(output: np.ndarray, x: np.ndarray, panels: np.ndarray, count: int, k: int) -> None:
        function(output.ctypes.data, x.ctypes.data, panels.ctypes.data, count, k)

    return product


def measure(subject: PlainSubject) -> str:
    """How much of the memory's bandwidth a product with large panels reaches, in words."""
    from course.mojo import build

    path = solution_path(KERNEL)
    reference = build(read_source(path), path, lambda busy: None)
    count, k = LARGE
    panels = np.full((count, k, LANES), 0.5, np.float32)
    x, output = np.ones(k, np.float32), np.empty((count, LANES), np.float32)
    threads = thread_count()
    parts = np.array_split(np.arange(count), threads)

    def times(library: ctypes.CDLL | SimpleNamespace) -> Callable[[np.ndarray], None]:
        product = _product(library)
        return lambda part: product(output[part[0] :], x, panels[part[0] :], len(part), k)

    programs = {
        "own": times(subject.step),
        "reference": times(reference),
        "reading": lambda part: panels[part[0] : part[-1] + 1].max(),
    }
    seconds = dict.fromkeys(programs, np.inf)
    end = time.monotonic() + PATIENCE
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(ROUNDS):
            for name, program in programs.items():
                began = time.monotonic()
                list(pool.map(program, parts))
                seconds[name] = min(seconds[name], time.monotonic() - began)
            if time.monotonic() > end:
                break
    own, best = (seconds["reading"] / seconds[name] for name in ("own", "reference"))
    words = f"{own:.0%} of what this machine's memory gives, the reference {best:.0%}"
    if best > 1.5 * own:
        words += f"; as long as if each weight were read {best / own:.1f} times"
    return words
