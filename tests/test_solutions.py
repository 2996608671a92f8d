"""Each step computes its formula, as NumPy does in float64."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor, default_device, default_dtype

import numpy_gpt2 as reference
from solutions.solution_01 import GPT2Config
from solutions.solution_02 import causal_mask
from solutions.solution_03 import LayerNorm
from solutions.solution_04 import GPT2MLP
from solutions.solution_05 import TokenEmbedding
from solutions.solution_06 import PositionEmbedding
from solutions.solution_07 import GPT2MultiHeadAttention
from solutions.solution_08 import pre_norm_residual
from solutions.solution_09 import GPT2Block
from solutions.solution_10 import GPT2Model
from solutions.solution_11 import GPT2LMHeadModel

CONFIG = GPT2Config(
    vocab_size=19, n_positions=9, n_embd=12, n_layer=2, n_head=3, n_inner=20, layer_norm_epsilon=0.1
)
SHAPE = (CONFIG.n_layer, CONFIG.n_head, CONFIG.layer_norm_epsilon)
PAST = 3
STEPS = ["02", "02 past", "03", "04", "05", "06", "07", "08", "09", "10", "11"]


class AllSteps(Module[[Tensor, Tensor], tuple[Tensor, ...]]):
    """The steps with something to compute, side by side: one graph to compile."""

    def __init__(self) -> None:
        self.norm = LayerNorm(CONFIG.n_embd, eps=CONFIG.layer_norm_epsilon)
        self.mlp = GPT2MLP(CONFIG.inner_dim, CONFIG)
        self.wte = TokenEmbedding(CONFIG)
        self.wpe = PositionEmbedding(CONFIG)
        self.attn = GPT2MultiHeadAttention(CONFIG)
        self.block = GPT2Block(CONFIG)
        self.model = GPT2Model(CONFIG)
        self.lm = GPT2LMHeadModel(CONFIG)

    def forward(self, x: Tensor, ids: Tensor) -> tuple[Tensor, ...]:
        length = x.shape[1]
        scores = F.broadcast_to(Tensor(0.5, dtype=x.dtype, device=x.device), [length, length])
        return (
            # Added to something, as in use: a mask may be right alone and lost in a fused sum.
            scores + causal_mask(length, dtype=x.dtype, device=x.device),
            causal_mask(length, PAST, dtype=x.dtype, device=x.device),
            self.norm(x),
            self.mlp(x),
            self.wte(ids),
            self.wpe(ids),
            self.attn(x),
            pre_norm_residual(x, self.norm, self.mlp),
            self.block(x),
            self.model(ids),
            self.lm(ids),
        )


def expected(x: np.ndarray, ids: np.ndarray, w: reference.Weights) -> tuple[np.ndarray, ...]:
    _, n_head, eps = SHAPE
    length = x.shape[1]
    norm, mlp = reference.under(w, "norm"), reference.under(w, "mlp")
    return (
        0.5 + reference.causal_mask(length),
        reference.causal_mask(length, PAST),
        reference.layer_norm(x, norm, eps),
        reference.mlp(x, mlp),
        w["wte.weight"][ids],
        w["wpe.weight"][:length],
        reference.attention(x, reference.under(w, "attn"), n_head),
        x + reference.mlp(reference.layer_norm(x, norm, eps), mlp),
        reference.block(x, reference.under(w, "block"), n_head, eps),
        reference.model(ids, reference.under(w, "model"), *SHAPE),
        reference.lm_head_model(ids, reference.under(w, "lm"), *SHAPE),
    )


def all_steps() -> AllSteps:
    """The steps with random weights."""
    rng = np.random.default_rng(3)
    with default_device(CPU()), default_dtype(DType.float32), F.lazy():
        steps = AllSteps()
    shapes = {name: [int(dim) for dim in value.shape] for name, value in steps.parameters}
    steps.load_state_dict(
        {name: rng.normal(0.2, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    )
    return steps


def assert_formulas(steps: AllSteps, compute: Callable[..., tuple[Tensor, ...]]) -> None:
    """Compares what is computed with the weights of steps, at several sizes."""
    rng = np.random.default_rng(7)
    float64 = {name: np.from_dlpack(p).astype(np.float64) for name, p in steps.parameters}
    for batch, length in ((1, 1), (3, 2), (3, 7), (1, CONFIG.n_positions)):
        x = rng.normal(5.0, 2.0, (batch, length, CONFIG.n_embd)).astype(np.float32)
        ids = rng.integers(CONFIG.vocab_size, size=(batch, length))
        results = compute(Tensor(x), Tensor(ids))
        wanted = expected(x.astype(np.float64), ids, float64)
        for step, result, value in zip(STEPS, results, wanted, strict=True):
            np.testing.assert_allclose(
                np.from_dlpack(result),
                value,
                rtol=1e-4,
                atol=1e-4,
                err_msg=f"step {step}, batch {batch}, length {length}",
            )


def test_steps_compute_their_formulas():
    steps = all_steps()
    assert_formulas(steps, steps)


def test_config_has_the_sizes_of_124m():
    config = GPT2Config()
    assert dataclasses.asdict(config) == {
        "vocab_size": 50257,
        "n_positions": 1024,
        "n_embd": 768,
        "n_layer": 12,
        "n_head": 12,
        "n_inner": None,
        "layer_norm_epsilon": 1e-5,
    }
    assert (config.head_dim, config.inner_dim) == (64, 3072)
    assert GPT2Config(n_inner=100).inner_dim == 100


def test_config_refuses_heads_that_do_not_divide_the_width():
    with pytest.raises(ValueError, match=r"768.*7"):
        GPT2Config(n_head=7)


def test_head_is_the_token_embedding():
    with default_device(CPU()), F.lazy():
        names = [name for name, _ in GPT2LMHeadModel(CONFIG).parameters]
    assert names.count("transformer.wte.weight") == 1
    assert all(name.startswith("transformer.") for name in names)
    assert len(names) == 2 + 12 * CONFIG.n_layer + 2
