"""Step 08: the residual connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.lesson import Experiment, Kind, Lesson, Misconception, Symbolic
from course.lessons.tiny import PLAIN, any_features, features

if TYPE_CHECKING:
    import numpy as np
    from max.experimental.nn import Module

    from course.subject import Subject

RESIDUAL = "return x + sublayer(norm(x))"


def _in_graph(subject: Subject) -> Module:
    from course.lessons.in_graphs import ResidualInGraph

    return ResidualInGraph(subject)


def _residual(batch: int, length: int) -> Experiment:
    def run(subject: Subject) -> np.ndarray:
        return subject.evaluate(_in_graph(subject), features(batch, length, 12))

    return Experiment(f"pre_norm_residual(x, norm, sublayer): batch {batch}, length {length}", run)


LESSON = Lesson(
    number=8,
    title="Residual connections",
    defines={"pre_norm_residual": Kind.FUNCTION},
    hints=(
        "Two paths lead from the input to the output. On one, nothing happens. On the other, the "
        "input is normalized and goes through the sublayer. At the end the two are added.",
        "norm and sublayer are functions: call them. The first takes x; the second takes what the "
        "first returned. What is added to the result is x as it came in.",
        "From the inside out: `norm(x)`, then `sublayer(...)` around it, then `x + ...` in front.",
    ),
    kernels=4,
    experiments=(_residual(3, 7), _residual(1, 1), _residual(3, 2)),
    symbolic=Symbolic(_in_graph, lambda: any_features(PLAIN)),
    misconceptions=(
        Misconception(
            "The input is lost: a sublayer's result is to be added to it, not to take its place.",
            {RESIDUAL: "return sublayer(norm(x))"},
        ),
        Misconception(
            "The normalized input is added: what is carried on is x as it came in, or each layer "
            "would wipe out its size.",
            {RESIDUAL: "return norm(x) + sublayer(norm(x))"},
        ),
        Misconception(
            "The norm comes last, around the sum, as in the first transformer: GPT-2 normalizes "
            "what goes into the sublayer.",
            {RESIDUAL: "return norm(x + sublayer(x))"},
        ),
        Misconception(
            "The norm comes after the sublayer: it belongs before it.",
            {RESIDUAL: "return x + norm(sublayer(x))"},
        ),
        Misconception(
            "Nothing is normalized: the sublayer gets x itself.",
            {RESIDUAL: "return x + sublayer(x)"},
        ),
        Misconception(
            "The sublayer is not called: the norm alone is added.",
            {RESIDUAL: "return x + norm(x)"},
        ),
        Misconception(
            "The sublayer acts twice.",
            {RESIDUAL: "return x + sublayer(sublayer(norm(x)))"},
        ),
        Misconception(
            "The norm acts twice: x is normalized already when it is handed to it again.",
            {RESIDUAL: "return x + sublayer(norm(norm(x)))"},
        ),
        Misconception(
            "The sublayer's result is subtracted: it is to be added.",
            {RESIDUAL: "return x - sublayer(norm(x))"},
        ),
        Misconception(
            "The two paths are multiplied: they are to be added.",
            {RESIDUAL: "return x * sublayer(norm(x))"},
        ),
        Misconception(
            "x is added twice.",
            {RESIDUAL: "return x + x + sublayer(norm(x))"},
        ),
    ),
)
