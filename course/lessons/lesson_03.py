"""Step 03: layer normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Construction, Experiment, Kind, Lesson, Misconception, Symbolic
from course.lessons.experiments import call_with_features
from course.lessons.tiny import WIDE, any_features, features

if TYPE_CHECKING:
    from course.subject import Subject

NORM = Construction("LayerNorm(12, eps=0.1)", lambda step: step.LayerNorm(12, eps=0.1))
DEFAULT = Construction("LayerNorm(10)", lambda step: step.LayerNorm(10))
TOKENS_MIXED = (
    "It normalizes over the positions: tokens are mixed. Each token's vector is normalized by "
    "itself, over its features, which are the last axis."
)


def _small(subject: Subject) -> np.ndarray:
    return subject.evaluate(subject.module(NORM), features(3, 7, 12, deviation=0.1))


def _two_axes(subject: Subject) -> np.ndarray:
    return subject.evaluate(subject.module(NORM), features(7, 12))


def _nearly_equal(subject: Subject) -> np.ndarray:
    return subject.evaluate(subject.module(DEFAULT), features(1, 2, 10, deviation=0.002))


def _initial(subject: Subject) -> dict[str, object]:
    norm = subject.fresh_module(DEFAULT)
    return {name: _only_value(subject.array(tensor)) for name, tensor in norm.parameters}


def _only_value(array: np.ndarray) -> object:
    values = np.unique(array)
    return float(values[0]) if len(values) == 1 else f"{len(values)} different numbers"


LESSON = Lesson(
    number=3,
    title="Layer normalization",
    defines={"LayerNorm": Kind.MODULE},
    hints=(
        "Take one token's vector by itself: shift it so that its mean is 0, then scale it so that "
        "its variance is 1. Only then do the two learned vectors act: one stretches each feature, "
        "the other moves it.",
        "`F.mean(x, axis=-1)` keeps the axis with size 1, so the result can be subtracted from x "
        "as it is. The variance is a mean too: of what, squared? `F.rsqrt` is one divided by the "
        "square root. eps goes to the variance, before the root.",
        "`centered = x - F.mean(x, axis=-1)` is the first line. The second is the mean of "
        "`centered * centered` over the same axis. The third multiplies `centered` with "
        "`F.rsqrt(...)`; the last multiplies with the weight and adds the bias.",
    ),
    kernels=6,
    constructions=(NORM, DEFAULT),
    experiments=(
        call_with_features(NORM, 3, 7, 12),
        call_with_features(NORM, 1, 1, 12),
        call_with_features(NORM, 3, 2, 12, mean=10.0),
        Experiment("LayerNorm(12, eps=0.1): small numbers", _small),
        Experiment("LayerNorm(12, eps=0.1): [7, 12]", _two_axes, ("position", "feature")),
        Experiment("LayerNorm(10): almost equal numbers", _nearly_equal),
        Experiment("parameters as created", _initial, piece="__init__"),
    ),
    symbolic=Symbolic(lambda subject: subject.module(NORM), lambda: any_features(WIDE)),
    misconceptions=(
        Misconception(
            "The mean stays in: this divides by the size, as RMSNorm does, but layer norm first "
            "moves the vector's mean to 0.",
            {"x - F.mean(x, axis=-1)": "x"},
        ),
        Misconception(
            "The variance is taken of x itself: it is the mean square of what is left once the "
            "mean is gone.",
            {"F.mean(centered * centered, axis=-1)": "F.mean(x * x, axis=-1)"},
        ),
        Misconception(
            "eps is missing: a vector whose numbers are all equal would be divided by 0.",
            {"variance + self.eps": "variance"},
        ),
        Misconception(
            "eps is added to the standard deviation: it belongs to the variance, before the root.",
            {
                "F.rsqrt(variance + self.eps)": "(1.0 / (variance * F.rsqrt(variance) + self.eps))",
            },
        ),
        Misconception(
            "eps is always 1e-5, whatever was asked for.",
            {"self.eps = eps": "self.eps = 1e-5"},
        ),
        Misconception(
            "It divides by the variance: the vector is measured by the square root of it, the "
            "standard deviation.",
            {"F.rsqrt(variance + self.eps)": "(1.0 / (variance + self.eps))"},
        ),
        Misconception(
            "It multiplies with the standard deviation instead of dividing by it.",
            {
                "F.rsqrt(variance + self.eps)": (
                    "(variance + self.eps) * F.rsqrt(variance + self.eps)"
                )
            },
        ),
        Misconception(
            "The variance divides by one less than the number of features, as a statistician's "
            "estimate does. Here it is a plain mean.",
            {
                "F.mean(centered * centered, axis=-1)": (
                    "F.mean(centered * centered, axis=-1) * "
                    "(int(x.shape[-1]) / (int(x.shape[-1]) - 1))"
                )
            },
        ),
        Misconception(
            TOKENS_MIXED,
            {
                "F.mean(x, axis=-1)": "F.mean(x, axis=-2)",
                "F.mean(centered * centered, axis=-1)": "F.mean(centered * centered, axis=-2)",
            },
        ),
        Misconception(
            TOKENS_MIXED,
            {
                "F.mean(x, axis=-1)": "F.mean(x, axis=1)",
                "F.mean(centered * centered, axis=-1)": "F.mean(centered * centered, axis=1)",
            },
        ),
        Misconception(
            "weight and bias have changed places: the weight stretches, the bias moves.",
            {"normalized * self.weight + self.bias": "normalized * self.bias + self.weight"},
        ),
        Misconception(
            "weight and bias are created but not used.",
            {"normalized * self.weight + self.bias": "normalized"},
        ),
        Misconception(
            "The bias is not used.",
            {"normalized * self.weight + self.bias": "normalized * self.weight"},
        ),
        Misconception(
            "The weight is not used.",
            {"normalized * self.weight + self.bias": "normalized + self.bias"},
        ),
        Misconception(
            "The bias is added before the weight acts, and so is stretched too.",
            {"normalized * self.weight + self.bias": "(normalized + self.bias) * self.weight"},
        ),
        Misconception(
            "The weight starts as zeros: an untrained layer norm would forget its input.",
            {"Tensor.ones([dim])": "Tensor.zeros([dim])"},
        ),
        Misconception(
            "eps is added behind the root: it belongs to the variance, before the root.",
            {"F.rsqrt(variance + self.eps)": "(F.rsqrt(variance) + self.eps)"},
        ),
        Misconception(
            "The variance is taken over the positions: tokens are mixed. It is a mean over the "
            "features, as the mean is.",
            {"F.mean(centered * centered, axis=-1)": "F.mean(centered * centered, axis=-2)"},
        ),
    ),
)
