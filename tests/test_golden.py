"""The model computes what transformers computed on the same weights."""

import json
from collections.abc import Callable

import numpy as np
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor
from safetensors.numpy import load_file

from conftest import GOLDEN, load_eager

CHECKPOINTS = ["one-head", "three-heads", "five-heads"]


class AllCheckpoints(Module[[Tensor, Tensor, Tensor], tuple[Tensor, ...]]):
    """The golden models side by side: one graph to compile."""

    def __init__(self) -> None:
        self.one, self.three, self.five = (load_eager(GOLDEN / name) for name in CHECKPOINTS)

    def forward(self, one: Tensor, three: Tensor, five: Tensor) -> tuple[Tensor, ...]:
        return self.one(one), self.three(three), self.five(five)


def assert_golden(compute: Callable[..., tuple[Tensor, ...]], lengths: range) -> None:
    """Compares the logits for so many tokens, or for as many as a model's context has."""
    golden = [load_file(GOLDEN / name / "golden.safetensors") for name in CHECKPOINTS]
    for batch in (1, 3):
        for length in lengths:
            owns = [min(length, file["ids"].shape[1]) for file in golden]
            ids = [file["ids"][:batch, :own].copy() for file, own in zip(golden, owns, strict=True)]
            results = compute(*map(Tensor, ids))
            for name, file, own, result in zip(CHECKPOINTS, golden, owns, results, strict=True):
                np.testing.assert_allclose(
                    np.from_dlpack(result),
                    file[f"logits.{batch}.{own}"],
                    rtol=0,
                    atol=1e-4,
                    err_msg=f"{name}, batch {batch}, length {own}",
                )


def test_logits_are_those_of_transformers():
    models = AllCheckpoints()

    def compute(*ids: Tensor) -> tuple[Tensor, ...]:
        with F.lazy():
            return models(*ids)

    assert_golden(compute, range(1, 17, 5))


def test_the_engine_writes_what_transformers_writes(model):
    golden = json.loads((GOLDEN / "shakespeare.json").read_text(encoding="utf-8"))
    for prompt, written in golden.items():
        (ours,) = model.generate(prompt, temperature=0, max_new_tokens=len(written["ids"]))
        assert (ours.ids, ours.text) == (written["ids"], written["text"])
