"""`gpt2 serve --steps`: the reader's own model, which computes all again for each token."""

from pathlib import Path

import numpy as np
from max.driver import CPU, Device
from max.dtype import DType
from max.experimental.tensor import Tensor

from gpt2.checkpoint.model import compare_with_eager, load_model
from serving.request import Request
from solutions.solution_01 import GPT2Config


class StepsReader:
    """Steps 1 to 11, as step 12 calls them: the whole text goes in each time; one at a time."""

    def __init__(self, folder: Path, config: GPT2Config, device: Device) -> None:
        """Compiles the model of a checkpoint.

        Raises:
            UserError: compiled, it does not compute what it computes eagerly.
        """
        self._model = load_model(folder, config, device)
        compare_with_eager(self._model, folder, [0, 1])
        self._device = device

    def read(self, batch: list[Request], kept: np.ndarray) -> np.ndarray:
        """See readers.Reader; the batch has one text."""
        [request] = batch
        past = request.tokens.processed_length
        ids = request.tokens.all[: past + request.tokens.active_length]
        logits = self._model(Tensor(ids[None], dtype=DType.int64, device=self._device))
        return np.from_dlpack(logits.to(CPU()))[0, past + kept]
