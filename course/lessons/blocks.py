"""What step 17 is tried with: matrices to make blocks of, and blocks of any bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Experiment

if TYPE_CHECKING:
    from course.plain_subject import PlainSubject


def normal(*shape: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def _blocks(rows: int, count: int) -> np.ndarray:
    """Bytes of blocks, `[rows, count * 18]`: any integers, scales of both signs."""
    rng = np.random.default_rng(rows)
    scales = rng.uniform(0.5, 2, (rows, count, 1)) * rng.choice([-0.125, 0.125], (rows, count, 1))
    integers = rng.integers(0, 256, (rows, count, 16), np.uint8)
    scales = scales.astype(np.float16).view(np.uint8)
    return np.concatenate([scales, integers], axis=-1).reshape(rows, -1)


def halves_of_a_step() -> np.ndarray:
    """All multiples of half a scale, which is 1 in the first row and -0.25 in the second."""
    places = np.random.default_rng(4).permutation(32)
    row = np.arange(-16, 16, dtype=np.float32)[places] / 2
    return np.stack([row, row * -0.25])


def two_furthest() -> np.ndarray:
    """Numbers of both signs are furthest from 0: one at first, then more of the other sign."""
    rows = normal(2, 32, seed=5).clip(-1.25, 1.25)
    rows[:, 4] = 1.5, -1.5
    rows[:, [9, 10, 11, 21]] = -rows[:, 4:5]
    return rows


def mixed_x() -> np.ndarray:
    """Blocks of very different sizes; one of zeros, one with its largest magnitude below 0."""
    x = normal(4, 32, seed=6) * np.array([[1], [30], [0], [0.2]], np.float32)
    x[1, 7] = -120
    return x.reshape(-1)


def quantize(name: str, matrix: np.ndarray) -> Experiment:
    shape = (len(matrix), matrix.shape[1] // 32 * 18)

    def run(subject: PlainSubject) -> object:
        found = subject.call(subject.step.quantize_q4_0, matrix)
        if isinstance(found, np.ndarray) and found.dtype == np.uint8 and found.shape == shape:
            found = found.copy()
            found[(found[:, :2] == [0, 128]).all(axis=1), 1] = 0  # a scale of -0 is one of 0
        return found

    return Experiment(f"quantize_q4_0({name})", run, ("row", "byte"), "quantize_q4_0")


def unpack(which: int, axes: tuple[str, ...]) -> Experiment:
    def run(subject: PlainSubject) -> object:
        scales, integers = subject.call(subject.step.unpack_q4_0, _blocks(2, 3))
        return (scales, integers)[which]

    name = f"unpack_q4_0(2 rows of 3 blocks): {('scales', 'integers')[which]}"
    return Experiment(name, run, axes, "unpack_q4_0")


def dequantize(rows: int, count: int) -> Experiment:
    def run(subject: PlainSubject) -> object:
        return subject.call(subject.step.dequantize_q4_0, _blocks(rows, count))

    name = f"dequantize_q4_0({rows} rows of {count} blocks)"
    return Experiment(name, run, ("row", "number"), "dequantize_q4_0")


def multiply(name: str, rows: int, x: np.ndarray) -> Experiment:
    def run(subject: PlainSubject) -> object:
        return subject.call(subject.step.q4_0_product, _blocks(rows, len(x) // 32), x)

    return Experiment(f"q4_0_product({rows} rows, {name})", run, ("row",), "q4_0_product")
