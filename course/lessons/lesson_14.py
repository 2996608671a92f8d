"""Step 14: choosing the next token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Experiment, Kind, Lesson, Misconception

if TYPE_CHECKING:
    from course.plain_subject import PlainSubject

LOGITS = np.array([0.5, 2.0, -1.0, 1.5, -3.0, 2.5, 0.0], np.float32)


def _call(name: str, *arguments: object) -> Experiment:
    """A strategy, applied to logits; what comes of it, as float64."""
    told = ", ".join(map(repr, arguments))

    def run(subject: PlainSubject) -> np.ndarray:
        function = getattr(subject.step, name)
        return np.asarray(subject.call(function, LOGITS, *arguments), np.float64)

    return Experiment(f"{name}(logits, {told})", run, ("token",), name)


LESSON = Lesson(
    number=14,
    title="Choosing the next token",
    defines={
        "repetition_penalty": Kind.FUNCTION,
        "top_k": Kind.FUNCTION,
        "top_p": Kind.FUNCTION,
        "min_p": Kind.FUNCTION,
    },
    hints=("", "", ""),
    kernels=0,
    experiments=(
        _call("repetition_penalty", [1, 2, 1], 1.5),
        _call("top_k", 3),
        _call("top_k", 100),
        _call("top_p", 0.7),
        _call("top_p", 0.0),
        _call("min_p", 0.2),
    ),
    misconceptions=(
        Misconception(
            "k too many.", {"np.partition(logits, -k)[-k]": "np.partition(logits, -k)[-k-1]"}
        ),
        Misconception(
            "Negative logits go up.", {"logits[seen] * penalty": "logits[seen] / penalty"}
        ),
    ),
)
