"""Where real heads look."""

import numpy as np
from matplotlib.axes import Axes

from drawing.passages import followed
from drawing.style import (
    BLUE,
    MONO,
    MUTED,
    SMALL,
    Drawing,
    canvas,
    rectangle,
    write,
)

LINE = "JULIET:\nWherefore art thou Romeo?"
BEFORE_SPEECH = 4  # <|endoftext|>, JULIET, the colon and the line break
QUESTION = 4  # the position of "Where"
PREVIOUS_HEAD, START_HEAD, QUESTION_HEAD = (3, 3), (1, 3), (4, 3)  # layer, head
HABITS = {
    PREVIOUS_HEAD: "the token before",
    START_HEAD: "how the speech began",
    QUESTION_HEAD: "the question word",
}
CELL_WIDTH, CELL_HEIGHT = 27, 18
MAP_LEFT, MAP_TOP, MAP_GAP = 128, 34, 52


def attention_heads() -> Drawing:
    """Three heads' weights on one line: rows are queries, columns keys."""
    _, tokens, layers = followed(LINE)
    weights = {(layer, head): layers[layer].weights[head] for layer, head in HABITS}
    count = len(tokens)
    pitch = count * CELL_HEIGHT + MAP_GAP
    axes = canvas(MAP_LEFT + count * CELL_WIDTH, 3 * pitch + 108)
    for row, ((layer, head), habit) in enumerate(HABITS.items()):
        write(axes, 0, row * pitch + 14, f"layer {layer}, head {head}: {habit}", weight="bold")
        _map(axes, row * pitch + MAP_TOP, tokens, weights[layer, head])
    for column, token in enumerate(tokens):
        x = MAP_LEFT + (column + 0.5) * CELL_WIDTH
        y = 3 * pitch - MAP_GAP + MAP_TOP + 8
        write(axes, x, y, token, align="right", size=SMALL, font=MONO, angle=90)
    shares = [f"{share:.0%}" for share in _shares(weights)]
    return Drawing(
        axes.figure,
        "Attention weights of three heads on JULIET: Wherefore art thou Romeo? Each row is a token "
        "that asks, each column one that it may look at. Layer 3, head 3 looks at the token "
        f"before, {shares[0]} on average; layer 1, head 3 gives {shares[1]} to the tokens before "
        f"the speech; layer 4, head 3 gives {shares[2]} to the question word Where.",
    )


def _shares(weights: dict[tuple[int, int], np.ndarray]) -> tuple[float, float, float]:
    """What each head gives on average to the tokens of its habit.

    Args:
        weights: `[seq, seq]` for each head.
    """
    before = np.diagonal(weights[PREVIOUS_HEAD], offset=-1)
    start = weights[START_HEAD][BEFORE_SPEECH:, :BEFORE_SPEECH].sum(axis=-1)
    question = weights[QUESTION_HEAD][QUESTION + 1 :, QUESTION]
    return before.mean(), start.mean(), question.mean()


def _map(axes: Axes, top: float, tokens: list[str], weights: np.ndarray) -> None:
    """weights `[seq, seq]`: the darker a cell, the more the row's token takes from the column's."""
    for row, token in enumerate(tokens):
        y = top + row * CELL_HEIGHT
        write(axes, MAP_LEFT - 8, y + CELL_HEIGHT / 2, token, align="right", size=SMALL, font=MONO)
        for column in range(row + 1):
            x = MAP_LEFT + column * CELL_WIDTH
            rectangle(axes, x, y, CELL_WIDTH - 1, CELL_HEIGHT - 1, MUTED, 0.07)
            rectangle(
                axes, x, y, CELL_WIDTH - 1, CELL_HEIGHT - 1, BLUE, round(weights[row, column], 3)
            )
