"""Compiled with symbolic sizes, the steps and the golden models compute what they do eagerly."""

import pytest
from max.driver import CPU
from max.dtype import DType
from max.experimental.nn import Module
from max.experimental.tensor import Tensor, TensorType
from test_golden import CHECKPOINTS, AllCheckpoints, assert_golden
from test_solutions import CONFIG, STEPS, all_steps, assert_formulas

pytestmark = pytest.mark.slow


class Everything(Module[[Tensor, ...], tuple[Tensor, ...]]):
    """All of them side by side: compiling one graph takes a minute, and two take two."""

    def __init__(self) -> None:
        self.steps = all_steps()
        self.checkpoints = AllCheckpoints()

    def forward(self, x: Tensor, ids: Tensor, *golden_ids: Tensor) -> tuple[Tensor, ...]:
        return *self.steps(x, ids), *self.checkpoints(*golden_ids)


def test_compiled_models_compute_the_same():
    everything = Everything()
    sizes = [[f"batch_{number}", f"seq_{number}"] for number in range(1 + len(CHECKPOINTS))]
    compiled = everything.compile(
        TensorType(DType.float32, ["batch", "seq", CONFIG.n_embd], CPU()),
        *(TensorType(DType.int64, size, CPU()) for size in sizes),
    )
    x, ids = Tensor.zeros([1, 1, CONFIG.n_embd]), Tensor.zeros([1, 1], dtype=DType.int64)
    count = len(STEPS)
    assert_formulas(everything.steps, lambda *steps: compiled(*steps, ids, ids, ids)[:count])
    assert_golden(lambda *golden: compiled(x, ids, *golden)[count:], range(1, 17))
