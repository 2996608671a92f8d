"""The model computes what transformers computed on the same weights."""

import numpy as np
import pytest
from max.driver import CPU
from max.dtype import DType
from max.experimental.nn import Module
from max.experimental.tensor import Tensor, TensorType
from safetensors.numpy import load_file

from conftest import GOLDEN, load_eager

CHECKPOINTS = ["one-head", "three-heads", "five-heads"]


class AllCheckpoints(Module[[Tensor, Tensor, Tensor], tuple[Tensor, ...]]):
    """The golden models side by side: one graph to compile."""

    def __init__(self) -> None:
        self.one, self.three, self.five = (load_eager(GOLDEN / name) for name in CHECKPOINTS)

    def forward(self, one: Tensor, three: Tensor, five: Tensor) -> tuple[Tensor, ...]:
        return self.one(one), self.three(three), self.five(five)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["eager", "compiled"])
def test_logits_are_those_of_transformers(form):
    golden = [load_file(GOLDEN / name / "golden.safetensors") for name in CHECKPOINTS]
    models = AllCheckpoints()
    if form == "compiled":
        sizes = [[f"batch_{number}", f"seq_{number}"] for number in range(len(CHECKPOINTS))]
        models = models.compile(*(TensorType(DType.int64, size, CPU()) for size in sizes))
    longest = max(file["ids"].shape[1] for file in golden)
    for batch in (1, 3):
        for length in range(1, longest + 1):
            lengths = [min(length, file["ids"].shape[1]) for file in golden]
            ids = [
                Tensor(file["ids"][:batch, :own].copy())
                for file, own in zip(golden, lengths, strict=True)
            ]
            results = models(*ids)
            for name, file, own, result in zip(CHECKPOINTS, golden, lengths, results, strict=True):
                np.testing.assert_allclose(
                    np.from_dlpack(result),
                    file[f"logits.{batch}.{own}"],
                    rtol=0,
                    atol=1e-4,
                    err_msg=f"{name}, {form}, batch {batch}, length {own}",
                )
