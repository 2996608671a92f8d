"""A checkpoint, compiled into a model that runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from max.driver import CPU, Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.compilation import CompiledCallable
from max.experimental.nn import Module
from max.experimental.tensor import Tensor, TensorType, default_device, default_dtype

from gpt2.checkpoint.finite import check_logits
from gpt2.checkpoint.weights import read_weights
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config
from solutions.solution_11 import GPT2LMHeadModel

SHORT = 8  # tokens are enough to see a mask that got lost
LARGEST_DIFFERENCE = 0.1  # of logits, compiled and eager; a lost mask makes 2 of them, TF32 0.02


@dataclass(frozen=True)
class CompiledModel:
    """GPT2LMHeadModel, compiled: called with ids `[batch, seq]`, it returns logits."""

    config: GPT2Config
    device: Device
    graph: CompiledCallable[[Tensor], Tensor]

    def __call__(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]` on the device -> float32 `[batch, seq, vocab_size]`.

        Raises:
            UserError: the logits behind the last ids are not finite.
        """
        logits = self.graph(input_ids)
        check_logits(np.from_dlpack(logits.to(CPU()))[:, -1])
        return logits


def empty_model(
    config: GPT2Config,
    device: Device,
    architecture: Callable[[GPT2Config], Module] = GPT2LMHeadModel,
) -> Module:
    """The modules of a model, float32, whose initial weights are never computed."""
    with default_device(device), default_dtype(DType.float32), F.lazy():
        return architecture(config)


def load_model(
    folder: Path,
    config: GPT2Config,
    device: Device,
    architecture: type[Module] = GPT2LMHeadModel,
) -> CompiledModel:
    """Reads the weights of a checkpoint and compiles the model for a device.

    MAX keeps the compiled graph on disk; the first time takes a minute or two.

    Args:
        folder: the checkpoint.
        config: its sizes.
        device: where the model is to run.
        architecture: the class of the model, with the parameters of GPT2LMHeadModel.

    Raises:
        UserError: the weights do not fit the config.
    """
    weights = read_weights(folder, config)  # before anything that takes time
    model = empty_model(config, device, architecture)
    ids_type = TensorType(DType.int64, ["batch", "seq"], device=device)
    return CompiledModel(config, device, model.compile(ids_type, weights=weights))


def compare_with_eager(compiled: CompiledModel, folder: Path, ids: list[int]) -> None:
    """Makes sure that compiling changed nothing: the checks saw a reader's code run eagerly only.

    Raises:
        UserError: the logits differ.
    """
    eager = empty_model(compiled.config, compiled.device)
    eager.load_state_dict(read_weights(folder, compiled.config))
    input_ids = Tensor(np.array([ids[:SHORT]]), dtype=DType.int64, device=compiled.device)
    with F.lazy():  # has a context in which MAX can add sizes, in any thread
        expected = eager(input_ids)
    logits = compiled(input_ids)
    arrays = [np.from_dlpack(tensor.to(CPU())) for tensor in (logits, expected)]
    difference = np.abs(arrays[0] - arrays[1]).max()
    if not difference < LARGEST_DIFFERENCE:
        raise UserError(
            f"compiled, your model's logits differ by {difference:.2g} from what it computes "
            "uncompiled. MAX 26.7 loses a mask that F.where makes of a comparison: "
            "F.band_part in step 2 is safe"
        )
