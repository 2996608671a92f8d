"""Which tokens the strategies of step 14 keep."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from drawing.passages import SHAKESPEARE
from drawing.style import (
    BLUE,
    FAINT,
    GREEN,
    MONO,
    MUTED,
    SMALL,
    Drawing,
    canvas,
    line,
    rectangle,
    write,
)
from drawing.values import logits, softmax, spell, tokenizer
from solutions.solution_14 import min_p, top_k, top_p

UNSURE, SURE = "ROMEO:\nI", "ROMEO:\nMy lord"
ROWS = {UNSURE: 14, SURE: 7}
STRATEGIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "top-k 5": lambda scores: top_k(scores, 5),
    "top-p 0.7": lambda scores: top_p(scores, 0.7),
    "min-p 0.1": lambda scores: min_p(scores, 0.1),
}
ROW = 24
NAMES, BARS = 78, 200  # the width of the tokens' column, and of a bar for 100 %
FIRST_MARK, MARKS = 344, 78  # the middle of the first column of marks, and their distance
MARK = 12


def strategies() -> Drawing:
    """Two distributions, and which of their tokens each strategy keeps."""
    height = sum(rows * ROW + 76 for rows in ROWS.values())
    axes = canvas(532, height)
    kept = []
    top = 0
    for prompt, rows in ROWS.items():
        kept.append(_panel(axes, top, prompt, rows))
        top += rows * ROW + 76
    unsure, sure = (", ".join(map(str, counts)) for counts in kept)
    return Drawing(
        axes.figure,
        "The likeliest tokens in two places, as bars, and which of them top-k 5, top-p 0.7 and "
        f"min-p 0.1 keep. After ROMEO:⏎I, where the model is unsure, they keep {unsure}; after "
        f"ROMEO:⏎My lord, where it is sure of a comma, {sure}.",
    )


def _panel(axes: Axes, top: float, prompt: str, rows: int) -> list[int]:
    """One distribution; returns how many tokens each strategy keeps."""
    scores = logits(SHAKESPEARE, tokenizer(SHAKESPEARE).encode(prompt))[-1]
    probabilities = softmax(scores)
    best = np.argsort(-probabilities)[:rows]
    title = "after " + prompt.replace("\n", "⏎")
    write(axes, 0, top + 14, title, weight="bold")
    for column, name in enumerate(STRATEGIES):
        x = FIRST_MARK + column * MARKS
        write(axes, x, top + 14, name, align="center", size=SMALL, color=MUTED)

    kept = [np.isfinite(strategy(scores)) for strategy in STRATEGIES.values()]
    top += 34
    for row, token in enumerate(best):
        y = top + row * ROW
        middle = y + ROW / 2
        name = spell(SHAKESPEARE, [int(token)])[0]
        write(axes, NAMES - 10, middle, name, align="right", font=MONO, size=SMALL)
        length = max(BARS * probabilities[token], 1)
        rectangle(axes, NAMES, y + 4, length, ROW - 8, BLUE)
        share = f"{probabilities[token]:.1%}"
        write(axes, NAMES + length + 7, middle, share, size=SMALL, color=MUTED)
        for column, keeps in enumerate(kept):
            x = FIRST_MARK + column * MARKS
            if keeps[token]:
                rectangle(axes, x - MARK / 2, middle - MARK / 2, MARK, MARK, GREEN)
            else:
                line(axes, (x - 4, middle), (x + 4, middle), color=FAINT, width=2)
    y = top + rows * ROW + 12
    rest = f"{len(scores) - rows:,} more share {1 - probabilities[best].sum():.0%}"
    write(axes, NAMES, y, rest, size=SMALL, color=MUTED)
    counts = [int(keeps.sum()) for keeps in kept]
    for column, count in enumerate(counts):
        x = FIRST_MARK + column * MARKS
        write(axes, x, y, f"keeps {count}", align="center", size=SMALL)
    return counts
