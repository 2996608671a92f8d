"""A matrix in the order in which it is computed with, and in that in which a kernel reads it."""

import numpy as np
from matplotlib.axes import Axes

from drawing.passages import SHAKESPEARE
from drawing.style import (
    BLUE,
    GREEN,
    MUTED,
    ORANGE,
    SMALL,
    Drawing,
    arrow,
    canvas,
    rectangle,
    write,
)
from drawing.values import array, as_batch, load, tokenizer
from gpt2.engine.formats import FORMATS, LANES

SHOWN = 10  # inputs of the 256
MARKED = 3  # the input that is multiplied
CELL = 15
LEFT, RIGHT, TOP = 2, 248, 50  # of the matrix, of the panel, of both below their titles
STRONG = 2  # standard deviations that have the full colour


def panel() -> Drawing:
    """The first 16 outputs of a layer: as rows of a matrix, and as a panel."""
    transformer = load(SHAKESPEARE).transformer
    ids = as_batch(tokenizer(SHAKESPEARE).encode("ROMEO:")[:1])
    block = transformer.h[0]
    x = array(block.ln_1(transformer.wte(ids) + transformer.wpe(ids)))[0, 0]  # [n_embd]
    matrix = array(block.attn.c_attn.weight)  # [outputs, inputs]
    form = FORMATS["float32"]
    panels = np.empty(form.shape(*matrix.shape), form.dtype)
    form.pack(matrix, panels)
    sums = x @ panels[0]
    assert np.allclose(sums, matrix[:LANES] @ x, atol=1e-5)

    axes = canvas(RIGHT + LANES * CELL + 2, 322)
    write(axes, LEFT, 12, "rows of a matrix", weight="bold")
    write(axes, LEFT, 33, "an output after the other", size=SMALL, color=MUTED)
    _cells(axes, LEFT, TOP, matrix[:LANES, :SHOWN] / matrix.std())
    _frame(axes, LEFT + MARKED * CELL, TOP, CELL, LANES * CELL)
    write(axes, LEFT, TOP + LANES * CELL + 15, f"… {matrix.shape[1]} inputs", size=SMALL)

    write(axes, RIGHT, 12, "their panel", weight="bold")
    write(axes, RIGHT, 33, "an input after the other", size=SMALL, color=MUTED)
    _cells(axes, RIGHT, TOP, panels[0, :SHOWN] / matrix.std())
    _frame(axes, RIGHT, TOP + MARKED * CELL, LANES * CELL, CELL)
    middle = TOP + (MARKED + 0.5) * CELL
    arrow(axes, (LEFT + (MARKED + 1) * CELL + 3, middle), (RIGHT - 6, middle), color=GREEN)
    below = TOP + SHOWN * CELL + 15
    write(axes, RIGHT, below, f"… {matrix.shape[1]} rows of {LANES} weights", size=SMALL)
    words = f"the framed one, times x[{MARKED}] = {x[MARKED]:.2f},".replace("-", "\N{MINUS SIGN}")
    write(axes, RIGHT, below + 28, words, size=SMALL)
    write(axes, RIGHT, below + 46, f"is added to {LANES} sums:", size=SMALL)
    _cells(axes, RIGHT, below + 60, sums[None] / sums.std())
    return Drawing(
        axes.figure,
        f"Weights of {LANES} outputs of the shakespeare model as cells, blue above 0, orange "
        f"below. Left, as rows of a matrix: the weights of one input are a column, framed. Right, "
        f"as a panel: the same weights are a row, framed, in which all {LANES} lie side by side. "
        f"Below it the {LANES} sums that all rows of the panel come to.",
    )


def _cells(axes: Axes, left: float, top: float, numbers: np.ndarray) -> None:
    """numbers `[rows, columns]`, in standard deviations."""
    for (row, column), number in np.ndenumerate(numbers):
        color = BLUE if number > 0 else ORANGE
        place = left + column * CELL + 1, top + row * CELL + 1, CELL - 2, CELL - 2
        rectangle(axes, *place, color, round(min(abs(float(number)) / STRONG, 1), 3))


def _frame(axes: Axes, x: float, y: float, width: float, height: float) -> None:
    for edge in ((x, y - 1, width, 2), (x, y + height - 1, width, 2)):
        rectangle(axes, *edge, GREEN)
    for edge in ((x - 1, y - 1, 2, height + 2), (x + width - 1, y - 1, 2, height + 2)):
        rectangle(axes, *edge, GREEN)
