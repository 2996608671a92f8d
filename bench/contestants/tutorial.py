"""The twelve steps as they are: compiled, without a cache."""

import gpt2.runtime  # noqa: F401  # isort: skip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from max.driver import CPU, Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.tensor import Tensor

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.model import load_model
from solutions.solution_12 import generate_next_token


class Tutorial:
    """Step 12's loop around step 11's model."""

    def __init__(self, folder: Path, device: Device | None = None) -> None:
        """On a device; None for the CPU."""
        self._device = device or CPU()
        self._model = load_model(folder, read_config(folder), self._device)

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        input_ids = Tensor(np.array([ids]), dtype=DType.int64, device=self._device)
        for _ in range(count):
            token = generate_next_token(self._model, input_ids, do_sample=False)
            input_ids = F.concat([input_ids, token.reshape([1, 1])], axis=1)
            yield int(token.item())
