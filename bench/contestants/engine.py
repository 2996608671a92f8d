"""This project's engine."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from max.driver import CPU

from gpt2.config import read_config
from gpt2.engine.engine import Engine


class ThisEngine:
    """The engine, called as `gpt2 generate` calls it."""

    def __init__(self, folder: Path, quantize: str | None = None) -> None:
        self._engine = Engine(folder, read_config(folder), CPU(), quantize)

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        for tokens in self.stream_batch([ids], count):
            yield tokens[0]

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        cache = self._engine.new_cache(np.zeros(len(prompts), np.int64))
        ids = np.array(prompts)
        for _ in range(count):
            chosen = self._engine.forward(cache, ids)[:, -1].argmax(axis=-1)
            yield chosen.tolist()
            ids = chosen[:, None]
