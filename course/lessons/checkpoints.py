"""What step 13 is tried with: checkpoints of a tiny model, and what can be wrong with one."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Experiment
from gpt2.checkpoint.shapes import parameter_shapes
from solutions.solution_01 import GPT2Config

if TYPE_CHECKING:
    from course.plain_subject import PlainSubject

PREFIX = "transformer."
CONFIG = GPT2Config(vocab_size=7, n_positions=5, n_embd=4, n_layer=1, n_head=2, n_inner=6)
SHAPES = dict(parameter_shapes(CONFIG))


def _random(name: str, *shape: int) -> np.ndarray:
    """float32 numbers that depend on the name alone."""
    return np.random.default_rng(zlib.crc32(name.encode())).normal(size=shape).astype(np.float32)


def _as_stored(name: str, shape: tuple[int, ...]) -> np.ndarray:
    return _random(name, *(shape[::-1] if ".c_" in name else shape))


def bfloat16(array: np.ndarray) -> np.ndarray:
    """float32 -> the upper halves of its bits, as uint16."""
    return (array.view(np.uint32) >> 16).astype(np.uint16)


_ARRAYS = {name: _as_stored(name, shape) for name, shape in SHAPES.items()}
OLD = {name.removeprefix(PREFIX): array for name, array in _ARRAYS.items()} | {
    "h.0.attn.bias": np.tril(np.ones((1, 1, 5, 5), np.uint8)),
    "h.0.attn.masked_bias": np.array(-1e4, np.float32),
}
HALF = {name: array.astype(np.float16) for name, array in _ARRAYS.items()}
HALF["lm_head.weight"] = HALF["transformer.wte.weight"]
FILES = {
    "old": OLD,
    "float16": HALF,
    "bfloat16": {name: bfloat16(array) for name, array in _ARRAYS.items()},
    "table": {"wte.weight": OLD["wte.weight"]},
    "square": {"h.0.attn.c_proj.weight": OLD["h.0.attn.c_proj.weight"]},
}


def names(told: str, *stored: str) -> Experiment:
    """The model's names for these."""

    def run(subject: PlainSubject) -> dict[str, object]:
        return {name: subject.step.parameter_name(name) for name in stored}

    return Experiment(f"parameter_name, {told}", run, piece="parameter_name")


def turned(told: str, *names: str) -> Experiment:
    """Which of these are stored the other way round."""

    def run(subject: PlainSubject) -> dict[str, bool]:
        return {name: bool(subject.step.is_conv1d(name)) for name in names}

    return Experiment(f"is_conv1d, {told}", run, piece="is_conv1d")


def converted(told: str, stored: np.ndarray) -> Experiment:
    """An array as float32."""

    def run(subject: PlainSubject) -> np.ndarray:
        return np.asarray(subject.call(subject.step.to_float32, stored))

    return Experiment(f"to_float32({told})", run, ("row", "column"), "to_float32")


def how_many_are_not_0(told: str, stored: np.ndarray) -> Experiment:
    """Tells numbers of the size 1e-41 from 0, which a comparison cannot."""

    def run(subject: PlainSubject) -> int:
        return int(np.count_nonzero(subject.call(subject.step.to_float32, stored)))

    return Experiment(f"np.count_nonzero(to_float32({told}))", run, piece="to_float32")


def loaded(file: str, weight: str) -> Experiment:
    """One of the arrays that a checkpoint becomes."""
    stored, name = FILES[file], f"{PREFIX}{weight}"
    shapes = SHAPES if len(stored) > 1 else {name: SHAPES[name]}

    def run(subject: PlainSubject) -> np.ndarray:
        return np.asarray(subject.call(subject.step.load_weights, stored, shapes)[name])

    told = f'load_weights({file}, shapes)["{name}"]'
    return Experiment(told, run, ("row", "column"), "load_weights")


def all_names(file: str) -> Experiment:
    """The names of all the arrays that a checkpoint becomes."""

    def run(subject: PlainSubject) -> list[str]:
        return sorted(subject.call(subject.step.load_weights, FILES[file], SHAPES))

    return Experiment(f"sorted(load_weights({file}, shapes))", run, piece="load_weights")


def refused(told: str, weight: str, shape: tuple[int, ...] | None) -> Experiment:
    """The old checkpoint with one array of this shape, or without it."""
    stored = OLD | {weight: _random(weight, *shape or ())}
    if shape is None:
        del stored[weight]

    def run(subject: PlainSubject) -> str:
        try:
            subject.call(subject.step.load_weights, stored, SHAPES)
        except ValueError as error:
            says = "names" if weight in str(error) else "does not name"
            return f"a ValueError that {says} {weight}"
        return "no ValueError"

    return Experiment(f"load_weights(old, shapes), {weight} {told}", run, piece="load_weights")
