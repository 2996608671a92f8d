"""Experiments that several lessons share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Construction, Experiment
from course.lessons.tiny import features, token_ids
from solutions.solution_01 import GPT2Config

if TYPE_CHECKING:
    from course.subject import Subject


def call_with_features(
    construction: Construction,
    batch: int,
    length: int,
    width: int,
    *,
    mean: float = 0.0,
    deviation: float = 1.0,
) -> Experiment:
    """The module of a construction, applied to `[batch, length, width]`."""

    def run(subject: Subject) -> np.ndarray:
        x = features(batch, length, width, mean=mean, deviation=deviation)
        return subject.evaluate(subject.module(construction), x)

    about = f", input with mean {mean:g}" if mean else ""
    about += ", large input" if deviation > 1 else ""
    return Experiment(f"{construction.call}: batch {batch}, length {length}{about}", run)


def call_with_ids(
    construction: Construction,
    config: GPT2Config,
    batch: int,
    length: int,
    *,
    axes: tuple[str, ...] = ("batch", "position", "feature"),
) -> Experiment:
    """The module of a construction, applied to ids `[batch, length]`."""

    def run(subject: Subject) -> np.ndarray:
        return subject.evaluate(subject.module(construction), token_ids(config, batch, length))

    return Experiment(f"{construction.call}: batch {batch}, length {length}", run, axes)


def spread_of_initial_weight(construction: Construction) -> Experiment:
    """Mean and standard deviation of a table as it is created, to a digit or two."""

    def run(subject: Subject) -> str:
        table = subject.array(subject.fresh_module(construction).weight)
        return f"a mean of {abs(table.mean()):.1f}, a standard deviation of {table.std():.1g}"

    return Experiment("weight as created", run, piece="__init__")
