"""Blocks of weights, and what 4 bits leave of them."""

import numpy as np
from matplotlib.axes import Axes

from drawing.passages import SHAKESPEARE
from drawing.style import (
    BLUE,
    FAINT,
    MINUS,
    MUTED,
    ORANGE,
    SMALL,
    Drawing,
    canvas,
    line,
    write,
)
from drawing.values import array, load
from solutions.solution_17 import quantize_q4_0, unpack_q4_0

LAYER, ROW = 1, 244  # of mlp.c_proj; the row with the shipped model's most extreme block
ORDINARY_BLOCK, OUTLIER_BLOCK = 25, 31
SIZE = 32
PITCH = 12.5  # between weights
STEP = 11  # between levels
LEFT, TOP, PANEL_GAP = 62, 70, 66


def quantized_blocks() -> Drawing:
    """Two blocks of one row: their weights, the 16 levels of each, and the level that is stored."""
    weight = array(load(SHAKESPEARE).transformer.h[LAYER].mlp.c_proj.weight)  # [n_embd, inner_dim]
    numbers = weight[ROW].reshape(-1, SIZE)  # [inner_dim / 32, 32]
    steps, integers = _stored(numbers)
    errors = np.sqrt(np.square(steps[:, None] * integers - numbers).mean(axis=-1))
    errors /= np.sqrt(np.square(numbers).mean(axis=-1))

    height = 15 * STEP
    axes = canvas(LEFT + SIZE * PITCH, 2 * (TOP + height) + 10)
    _legend(axes, LEFT, 12)
    names = ("An ordinary block", "A block with an outlier")
    for row, block in enumerate((ORDINARY_BLOCK, OUTLIER_BLOCK)):
        top = TOP + row * (height + PANEL_GAP)
        title = f"{names[row]}: step {abs(steps[block]):.3f}, error {errors[block]:.0%}"
        write(axes, LEFT, top - 22, title, weight="bold")
        _panel(axes, top, numbers[block], steps[block], integers[block])
    ordinary, outlier = numbers[ORDINARY_BLOCK], numbers[OUTLIER_BLOCK]
    wider = abs(steps[OUTLIER_BLOCK] / steps[ORDINARY_BLOCK])
    return Drawing(
        axes.figure,
        f"Two blocks of 32 weights from row {ROW} of c_proj in layer {LAYER} of the shakespeare "
        "model, each with its 16 levels as lines, the weights as dots, and the levels that are "
        f"stored for them as dashes. Block {ORDINARY_BLOCK} lies between {_span(ordinary)}, and "
        f"uses {_used(integers[ORDINARY_BLOCK])} levels. Block {OUTLIER_BLOCK} has one weight of "
        f"{outlier.max():.3f}; its levels are {wider:.1f} times as far apart, and it uses "
        f"{_used(integers[OUTLIER_BLOCK])} of them.",
    )


def _stored(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """numbers `[blocks, 32]` -> what Q4_0 keeps: scales `[blocks]`, integers `[blocks, 32]`."""
    scales, integers = unpack_q4_0(quantize_q4_0(numbers.astype(np.float32)))
    return scales[:, 0].astype(np.float64), integers[:, 0].astype(np.float64)


def _panel(axes: Axes, top: float, numbers: np.ndarray, step: float, integers: np.ndarray) -> None:
    """One block, in steps: -8 is the lowest line, or the highest if the step is negative."""
    lowest = -8 if step > 0 else -7

    def y(steps: float) -> float:
        return top + (15 - (steps - lowest)) * STEP

    for level in range(lowest, lowest + 16):
        axes.plot((LEFT, LEFT + SIZE * PITCH), (y(level),) * 2, color=FAINT, lw=1, zorder=0)
        if level in (lowest, 0, lowest + 15):
            label = f"{level * abs(step):.3f}".replace("-", MINUS) if level else "0"
            write(axes, LEFT - 8, y(level), label, align="right", size=SMALL, color=MUTED)
    for place, (number, integer) in enumerate(zip(numbers, integers, strict=True)):
        x = LEFT + (place + 0.5) * PITCH
        stored = integer * np.sign(step)
        exact = number / abs(step)
        line(axes, (x, y(exact)), (x, y(stored)), color=BLUE, width=1.2)
        _level(axes, x, y(stored))
        _weight(axes, x, y(exact))


def _weight(axes: Axes, x: float, y: float) -> None:
    axes.plot(x, y, marker="o", ms=5, color=BLUE, mew=0, zorder=3)


def _level(axes: Axes, x: float, y: float) -> None:
    line(axes, (x - 4, y), (x + 4, y), color=ORANGE, width=2.6)


def _legend(axes: Axes, x: float, y: float) -> None:
    _weight(axes, x + 5, y)
    write(axes, x + 16, y, "a weight", size=SMALL)
    _level(axes, x + 107, y)
    write(axes, x + 118, y, "the level that is stored", size=SMALL)


def _span(numbers: np.ndarray) -> str:
    return f"{numbers.min():.3f} and {numbers.max():.3f}".replace("-", "minus ")


def _used(integers: np.ndarray) -> int:
    """How many different levels."""
    return len(np.unique(integers))
