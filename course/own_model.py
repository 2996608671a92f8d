"""The reader's twelve files as a model that runs; what is not right yet is the reference."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from course.files import MODEL, step_module
from course.loader import provide_steps
from course.verdicts import Verdicts
from gpt2.checkpoint.model import CompiledModel, empty_model
from gpt2.checkpoint.weights import read_weights
from gpt2.errors import UserError

SHORT = 8  # tokens are enough to see a mask that got lost
LARGEST_DIFFERENCE = 0.01  # of logits, compiled and eager; rounding explains a thousandth of it


@dataclass(frozen=True)
class OwnModel:
    """What the reader wrote.

    Attributes:
        architecture: step 11's class.
        generate_next_token: step 12's function.
        stand_ins: the steps for which the reference stands in.
    """

    architecture: type[Module]
    generate_next_token: Callable[..., Tensor]
    stand_ins: list[int]

    def compare_with_eager(self, compiled: CompiledModel, folder: Path, ids: list[int]) -> None:
        """Makes sure that compiling changed nothing: the checks saw the code run eagerly only.

        Args:
            compiled: the architecture, compiled with the weights of a checkpoint.
            folder: the checkpoint.
            ids: a text.

        Raises:
            UserError: the logits differ.
        """
        eager = empty_model(compiled.config, compiled.device, self.architecture)
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


def load_own_model() -> OwnModel:
    """Checks what has not been checked as it is, and puts the steps together."""
    with Verdicts() as verdicts:
        verdicts.settle(MODEL)
        right = verdicts.state.right_steps()
    loaded = provide_steps(right)
    return OwnModel(
        import_module(step_module(11)).GPT2LMHeadModel,
        import_module(step_module(12)).generate_next_token,
        [number for number in MODEL if number not in loaded],
    )
