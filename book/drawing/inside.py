"""Inside a block: what layer norm does to real vectors, and what GELU does to real numbers."""

import numpy as np
from matplotlib.axes import Axes

from drawing.passages import PASSAGE, WHEREFORE, followed
from drawing.style import (
    BLUE,
    FAINT,
    INK,
    MINUS,
    MONO,
    MUTED,
    ORANGE,
    SMALL,
    Drawing,
    plot,
    sheet,
)

LAST_LAYER = 4
NORMALIZED_TOKENS = (0, 1, 16)  # <|endoftext|>, JULIET, and the "o" of the last Romeo
GELU_LAYER = 2


def layer_norm() -> Drawing:
    """Three vectors before and after: a row for each token, a histogram of its features."""
    _, tokens, layers = followed(WHEREFORE)
    before = layers[LAST_LAYER].before[list(NORMALIZED_TOKENS)]  # [3, n_embd]
    deviations = before.std(axis=-1, keepdims=True)
    after = (before - before.mean(axis=-1, keepdims=True)) / deviations
    names = [tokens[position] for position in NORMALIZED_TOKENS]

    figure = sheet(500, 430)
    for row, name in enumerate(names):
        for column, vector in enumerate((before[row], after[row])):
            axes = plot(figure, 20 + 252 * column, 76 + 116 * row, 216, 66)
            _features(axes, vector, BLUE if column == 0 else ORANGE)
            axes.set_xticks([-10, -5, 0, 5, 10] if row == 2 else [])
            if row == 0:
                _above(axes, 2, ("before layer norm", "after")[column], INK, weight="bold")
            if column == 0:
                _above(axes, 1, name, INK, family=MONO)
    spread = ", ".join(
        f"{name} {value:.1f}" for name, (value,) in zip(names, deviations, strict=True)
    )
    return Drawing(
        figure,
        "Histograms of the 256 features of three tokens' vectors, as the last block of the "
        "shakespeare model reads them. Before layer norm all three lie around 0 but spread "
        f"differently, with deviations {spread}; after it each has mean 0 and deviation 1.",
    )


def _features(axes: Axes, vector: np.ndarray, color: str) -> None:
    """vector `[n_embd]`: a histogram, with its mean and deviation in words."""
    axes.hist(vector, bins=np.arange(-10, 10.1, 0.5), histtype="stepfilled", color=color, lw=0)
    axes.set(xlim=(-10, 10), yticks=[])
    mean = round(vector.mean(), 2) + 0.0  # not -0.0
    _above(axes, 0, f"mean {mean:.2f}, deviation {vector.std():.2f}".replace("-", MINUS), MUTED)


def _above(axes: Axes, line: int, text: str, color: str, **options: str) -> None:
    """A line of text above a plot; line 0 is the lowest."""
    place = {"xy": (0, 1), "xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(text, xytext=(0, 6 + 20 * line), color=color, size=SMALL, **place, **options)


def gelu() -> Drawing:
    """The two curves, over the numbers that really come."""
    _, _, layers = followed(PASSAGE)
    widened = layers[GELU_LAYER].widened.ravel()  # [seq * inner_dim]
    x = np.linspace(-4, 3, 141)
    curve = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

    figure = sheet(500, 340)
    axes = plot(figure, 16, 12, 472, 290)
    axes.set(xlim=(-4, 3), ylim=(-0.55, 3.05), yticks=[], xticks=range(-4, 4))
    counts, edges = np.histogram(widened, bins=np.arange(-4, 3.05, 0.1))
    heights = 1.6 * counts / counts.max()
    axes.bar(edges[:-1], heights, width=0.1, align="edge", color=FAINT, lw=0)
    axes.axhline(0, color=MUTED, lw=1)
    axes.plot(x, np.maximum(x, 0), color=ORANGE, lw=2, ls=(0, (5, 3)))
    axes.plot(x, curve, color=BLUE, lw=3)
    axes.text(1.5, 2.0, "ReLU ", ha="right", color=ORANGE, size=SMALL)
    axes.text(2.15, 1.7, "GELU", color=BLUE, size=SMALL, weight="bold")
    negative = (widened < 0).mean()
    axes.text(-3.9, 1.72, "what enters GELU in layer 2:", color=MUTED, size=SMALL)
    axes.text(-3.9, 1.5, f"{negative:.0%} is below 0", color=MUTED, size=SMALL)
    lowest = curve.argmin()
    axes.annotate(
        f"{curve[lowest]:.2f} at {x[lowest]:.2f}".replace("-", MINUS),
        (x[lowest], curve[lowest]),
        (x[lowest], -0.42),
        ha="center",
        color=BLUE,
        size=SMALL,
    )
    return Drawing(
        figure,
        "GELU and ReLU from minus 4 to 3. ReLU is 0 below 0 and then rises straight; GELU follows "
        f"it smoothly, dips to {curve[lowest]:.2f} at {x[lowest]:.2f}, and returns to 0. Behind "
        "them a histogram of what enters GELU in layer 2 of the shakespeare model: most numbers, "
        f"{negative:.0%}, are below 0, around {np.median(widened):.1f}.",
    )
