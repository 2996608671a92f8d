"""The causal mask, as step 2 makes it."""

import numpy as np
from matplotlib.axes import Axes

from drawing.style import BLUE, INK, MINUS, MUTED, SMALL, Drawing, canvas, rectangle, write
from drawing.values import masks

WORDS = ("now", "is", "the", "winter", "of")
CELL = 50
LEFT = 118
MINUS_INFINITY = MINUS + "\N{INFINITY}"


def causal_mask() -> Drawing:
    """Two masks, one below the other, whose columns are the same keys."""
    whole, continued = masks()
    axes = canvas(LEFT + 5 * CELL + 2, 526)
    _mask(axes, 0, "sequence_length 5", whole)
    _mask(axes, 356, "sequence_length 2, past_length 3", continued)
    return Drawing(
        axes.figure,
        "Two causal masks for the words now, is, the, winter, of. For all five as queries: 0 on "
        "and below the diagonal, minus infinity above it, so that each word sees itself and the "
        "earlier ones. For the last two as queries, after a past of three: two rows, the same as "
        "the last two of the first mask.",
    )


def _mask(axes: Axes, top: float, title: str, mask: np.ndarray) -> None:
    """mask `[queries, keys]`: the queries are the last words."""
    queries, keys = mask.shape
    write(axes, 0, top + 12, title, weight="bold")
    write(
        axes,
        LEFT - 12,
        top + 48,
        "query \N{DOWNWARDS ARROW}  key \N{RIGHTWARDS ARROW}",
        align="right",
        size=SMALL,
        color=MUTED,
    )
    for column, word in enumerate(WORDS):
        write(axes, LEFT + (column + 0.5) * CELL, top + 48, word, align="center", size=SMALL)
    for row in range(queries):
        y = top + 66 + row * CELL
        write(axes, LEFT - 12, y + CELL / 2, WORDS[keys - queries + row], align="right", size=SMALL)
        for column in range(keys):
            seen = mask[row, column] == 0
            x = LEFT + column * CELL
            rectangle(
                axes,
                x + 1,
                y + 1,
                CELL - 2,
                CELL - 2,
                BLUE if seen else MUTED,
                0.25 if seen else 0.06,
            )
            text, color = ("0", INK) if seen else (MINUS_INFINITY, MUTED)
            write(axes, x + CELL / 2, y + CELL / 2, text, align="center", color=color)
