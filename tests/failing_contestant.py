"""A contestant that ends when it is told to, and how."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import LONG

LONG_TEXTS_BEFORE = {"loading": -1, "warming up": 0, "round 1": 1, "round 2": 2, "never": 10**9}


class Failing:
    def __init__(self, folder: Path, when: str, how: str) -> None:
        self._left, self._how = LONG_TEXTS_BEFORE[when], how
        if self._left < 0:
            self._fail()

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        if len(ids) == LONG:
            self._left -= 1
        if self._left < 0:
            self._fail()
        yield from range(count)

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        yield from ([token] * len(prompts) for token in range(count))

    def _fail(self) -> None:
        print("the last line, says why", file=sys.stderr, flush=True)
        if self._how == "hangs":
            time.sleep(60)
        elif self._how.isdecimal():
            sys.exit(int(self._how))
        os.kill(os.getpid(), signal.Signals[self._how])
