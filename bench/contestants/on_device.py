"""This project on any device: the engine with MAX's own operations, and the loop of step 12."""

import gpt2.runtime  # noqa: F401  # isort: skip
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.contestants.tutorial import Tutorial
from gpt2.checkpoint.config import read_config
from gpt2.devices import choose_device
from gpt2.engine.engine import Engine


class OnDevice:
    """The engine as it runs on accelerators.

    Args:
        folder: the weights.
        device: as for `gpt2 generate`.
        quantize: `bf16`, or None for float32.
    """

    def __init__(self, folder: Path, device: str, quantize: str | None = None) -> None:
        config = read_config(folder)
        self._engine = Engine(folder, config, choose_device(device), quantize, kernels=False)

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        for tokens in self.stream_batch([ids], count):
            yield tokens[0]

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        cache = self._engine.new_cache(np.zeros(len(prompts), np.int64))
        new = np.array(prompts)
        for _ in range(count):
            new = self._engine.forward(cache, new)[:, -1].argmax(axis=-1)[:, None]
            yield new[:, 0].tolist()


def tutorial(folder: Path, device: str) -> Tutorial:
    """Step 12's loop, on a device of this name."""
    return Tutorial(folder, choose_device(device))
