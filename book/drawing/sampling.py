"""From logits to a choice: scores, probabilities, temperature."""

import numpy as np
from matplotlib.axes import Axes

from drawing.passages import SHAKESPEARE
from drawing.style import BLUE, MONO, MUTED, ORANGE, SMALL, Drawing, canvas, rectangle, write
from drawing.values import encode, logits, softmax, spell

PROMPT = "ROMEO:\nI"
CHOICES = 10
TEMPERATURES = (0.5, 1.0, 1.5)
ROW, TOP = 30, 56
NAMES = 96  # the width of the tokens' column


def next_token() -> Drawing:
    """The ten best scores after a prompt, and what softmax makes of them."""
    tokens, scores, best = _likeliest()
    probabilities = softmax(scores)[best]
    axes = canvas(520, TOP + CHOICES * ROW)
    write(axes, NAMES, 14, "logit", weight="bold")
    write(axes, 322, 14, "probability", weight="bold")
    for row, (token, score, share) in enumerate(
        zip(tokens, scores[best], probabilities, strict=True)
    ):
        y = TOP - 20 + row * ROW
        middle = y + ROW / 2
        write(axes, NAMES - 12, middle, token, align="right", font=MONO)
        length = 150 * score / scores.max()
        rectangle(axes, NAMES, y + 4, length, ROW - 8, BLUE)
        write(axes, NAMES + length + 8, middle, f"{score:.2f}", size=SMALL, color=MUTED)
        length = 140 * share / probabilities[0]
        rectangle(axes, 322, y + 4, length, ROW - 8, ORANGE)
        write(axes, 322 + length + 8, middle, f"{share:.1%}", size=SMALL, color=MUTED)
    _footnote(axes, f"the other {len(scores) - CHOICES:,} tokens share", 1 - probabilities.sum())
    return Drawing(
        axes.figure,
        "The ten likeliest tokens after ROMEO:⏎I, as bars. Their logits differ little, from "
        f"{scores[best[0]]:.2f} for {tokens[0]} to {scores[best[-1]]:.2f} for {tokens[-1]}; "
        f"their probabilities differ much, from {probabilities[0]:.1%} to "
        f"{probabilities[-1]:.1%}.",
    )


def temperatures() -> Drawing:
    """The same choice, colder and warmer."""
    tokens, scores, best = _likeliest()
    panels = [softmax(scores / temperature)[best] for temperature in TEMPERATURES]
    scale = 90 / max(panel.max() for panel in panels)

    axes = canvas(540, TOP + CHOICES * ROW)
    for column, (temperature, panel) in enumerate(zip(TEMPERATURES, panels, strict=True)):
        left = NAMES + 150 * column
        write(axes, left, 14, f"temperature {temperature:g}", weight="bold", size=14)
        for row, share in enumerate(panel):
            y = TOP - 20 + row * ROW
            rectangle(axes, left, y + 4, max(scale * share, 1), ROW - 8, BLUE)
            text = f"{share:.1%}"
            write(axes, left + scale * share + 7, y + ROW / 2, text, size=SMALL, color=MUTED)
        rest = f"the rest {1 - panel.sum():.0%}"
        write(axes, left, TOP - 8 + CHOICES * ROW, rest, size=SMALL, color=MUTED)
    for row, token in enumerate(tokens):
        y = TOP - 20 + (row + 0.5) * ROW
        write(axes, NAMES - 12, y, token, align="right", font=MONO)
    first = ", ".join(
        f"{panel[0]:.0%} at {temperature:g}"
        for temperature, panel in zip(TEMPERATURES, panels, strict=True)
    )
    return Drawing(
        axes.figure,
        "The probabilities of the ten likeliest tokens after ROMEO:⏎I at temperatures 0.5, 1 and "
        f"1.5. The likeliest, {tokens[0]}, has {first}; the rest of the vocabulary "
        f"{1 - panels[0].sum():.0%}, {1 - panels[1].sum():.0%} and {1 - panels[2].sum():.0%}.",
    )


def _likeliest() -> tuple[list[str], np.ndarray, np.ndarray]:
    """The ten likeliest next tokens' spelling, all scores `[vocab_size]`, and the ten's ids."""
    scores = logits(SHAKESPEARE, encode(SHAKESPEARE, PROMPT))[-1]
    best = np.argsort(-scores)[:CHOICES]
    return spell(SHAKESPEARE, best.tolist()), scores, best


def _footnote(axes: Axes, text: str, share: float) -> None:
    y = TOP - 8 + CHOICES * ROW
    write(axes, NAMES, y, f"{text} {share:.0%}", size=SMALL, color=MUTED)
