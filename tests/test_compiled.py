"""Compiled with symbolic sizes, the steps and the golden models compute what they do eagerly."""

import pytest
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor, TensorType
from test_golden import CHECKPOINTS, AllCheckpoints, assert_golden
from test_solutions import CONFIG, STEPS, all_steps, assert_formulas

from conftest import load_eager
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import CompiledModel, compare_with_eager
from gpt2.errors import UserError
from solutions import solution_07

pytestmark = pytest.mark.slow
SHAKESPEARE = SHIPPED / "shakespeare"
IDS = [3, 1, 4, 1, 5, 9, 2, 6]


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


def test_a_mask_that_compiling_lost_is_told(monkeypatch):
    """`generate --steps` compares what it compiled with the same model uncompiled."""
    eager = load_eager(SHAKESPEARE)

    def graph(input_ids: Tensor) -> Tensor:
        with F.lazy():
            return eager(input_ids)

    compiled = CompiledModel(read_config(SHAKESPEARE), CPU(), graph)
    compare_with_eager(compiled, SHAKESPEARE, IDS)

    def graph_without_mask(input_ids: Tensor) -> Tensor:
        with monkeypatch.context() as patch:
            none = Tensor.zeros([len(IDS), len(IDS)], device=CPU())
            patch.setattr(solution_07, "causal_mask", lambda *_, **__: none)
            return graph(input_ids)

    compiled = CompiledModel(compiled.config, CPU(), graph_without_mask)
    with pytest.raises(UserError, match=r"compiled, your model's logits differ by [1-9]"):
        compare_with_eager(compiled, SHAKESPEARE, IDS)
