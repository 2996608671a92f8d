"""From block to block: how the residual stream grows, and what the model would say by then."""

import numpy as np

from drawing.passages import PASSAGE, SHAKESPEARE, followed
from drawing.style import (
    BLUE,
    GREEN,
    INK,
    MONO,
    MUTED,
    ORANGE,
    PAPER,
    SMALL,
    Drawing,
    canvas,
    plot,
    rectangle,
    sheet,
    write,
)
from drawing.values import guesses, spell

QUESTION = "GLOUCESTER:\nWhat is the matter, my good lord?"
SHOWN_POSITIONS = slice(7, 13)  # from the "m" of matter to "lord"
HEAD_WIDTH, CELL_WIDTH, CELL_HEIGHT = 98, 74, 44


def residual_norms() -> Drawing:
    """The length of the residual stream, and of what each layer adds to it."""
    _, _, layers = followed(PASSAGE)
    stream = [_norm(layers[0].before), *(_norm(layer.after) for layer in layers)]
    attention = [_norm(layer.from_attention) for layer in layers]
    feed_forward = [_norm(layer.from_mlp) for layer in layers]

    figure = sheet(520, 360)
    axes = plot(figure, 8, 14, 504, 300)
    places = np.arange(len(stream))
    axes.set(xlim=(-0.5, len(stream) - 0.4), ylim=(0, 39), yticks=[])
    axes.set_xticks(places, ["embeddings", *(f"layer {layer}" for layer in range(len(layers)))])
    axes.plot(places, stream, color=BLUE, lw=3)
    for place, value in zip(places, stream, strict=True):
        axes.text(place - 0.06, value + 1.2, f"{value:.1f}", ha="right", color=BLUE, size=SMALL)
    for values, color, side in ((attention, ORANGE, -0.42), (feed_forward, GREEN, 0)):
        axes.bar(places[1:] + side, values, width=0.4, align="edge", color=color, lw=0)
        for place, value in zip(places[1:], values, strict=True):
            inside = value > 2
            axes.text(
                place + side + 0.2,
                value - 1.5 if inside else value + 0.5,
                f"{value:.1f}",
                ha="center",
                color=PAPER if inside else color,
                size=SMALL,
            )
    axes.text(1.52, 11.2, "attention adds", color=ORANGE, size=SMALL)
    axes.text(1.52, 9.2, "feed-forward adds", color=GREEN, size=SMALL)
    axes.text(2.5, 29, "residual stream", ha="right", color=BLUE, size=SMALL, weight="bold")
    grown = ", ".join(f"{value:.1f}" for value in stream)
    return Drawing(
        figure,
        f"The mean length of the residual stream: {stream[0]:.1f} after the embeddings, then "
        f"layer by layer up to {stream[-1]:.1f} ({grown}). Bars under it show what attention "
        f"adds, {attention[0]:.1f} in layer 0 to {attention[-1]:.1f} in layer 4, and the "
        f"feed-forward network: {', '.join(f'{length:.1f}' for length in feed_forward)}.",
    )


def _norm(vectors: np.ndarray) -> float:
    """vectors `[seq, n_embd]` -> their mean length."""
    return float(np.linalg.norm(vectors, axis=-1).mean())


def layers_guess() -> Drawing:
    """The likeliest next token if the model ended after each block."""
    ids, tokens, layers = followed(QUESTION)
    streams = [layers[0].before, *(layer.after for layer in layers)]
    names = ["embeddings", *(f"layer {layer}" for layer in range(len(layers)))]
    positions = range(len(ids))[SHOWN_POSITIONS]

    axes = canvas(HEAD_WIDTH + len(positions) * CELL_WIDTH + 2, 60 + (len(names) + 1) * CELL_HEIGHT)
    write(axes, 0, 22, "after", color=MUTED)
    for column, position in enumerate(positions):
        x = HEAD_WIDTH + (column + 0.5) * CELL_WIDTH
        write(axes, x, 22, tokens[position], align="center", font=MONO, weight="bold", size=14)
        y = 60 + (len(names) + 0.3) * CELL_HEIGHT
        write(axes, x, y, tokens[position + 1], align="center", font=MONO, size=14, weight="bold")
    for row, (name, stream) in enumerate(zip(names, streams, strict=True)):
        y = 44 + row * CELL_HEIGHT
        write(axes, 0, y + CELL_HEIGHT / 2, name, size=SMALL)
        for column, probabilities in enumerate(guesses(SHAKESPEARE, stream)[SHOWN_POSITIONS]):
            best = int(probabilities.argmax())
            x = HEAD_WIDTH + column * CELL_WIDTH
            size = (CELL_WIDTH - 2, CELL_HEIGHT - 2)
            rectangle(axes, x + 1, y + 1, *size, BLUE, 0.24 * probabilities[best])
            (text,) = spell(SHAKESPEARE, [best])
            middle = x + CELL_WIDTH / 2
            right = best == ids[positions[column] + 1]
            weight = "bold" if right else "normal"
            write(axes, middle, y + 15, text, align="center", font=MONO, size=14, weight=weight)
            percent = f"{probabilities[best]:.0%}"
            write(axes, middle, y + 33, percent, align="center", size=13, color=INK)
    write(axes, 0, 60 + (len(names) + 0.3) * CELL_HEIGHT, "what follows", size=SMALL, color=MUTED)
    return Drawing(
        axes.figure,
        "A table: after the embeddings and after each of five layers, the likeliest next token at "
        "six positions of GLOUCESTER: What is the matter, my good lord? After the embeddings each "
        "token only repeats itself. Layers later the guesses become the tokens that follow, in "
        "bold: after m, urd gives way to atter; after good, man gives way to lord.",
    )
