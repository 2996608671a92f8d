"""The model and its block: what is computed, in what order, and what shape it has."""

from matplotlib.axes import Axes
from matplotlib.patches import Circle

from drawing.style import (
    BLUE,
    INK,
    MONO,
    MUTED,
    PAPER,
    SANS,
    SMALL,
    Drawing,
    arrow,
    box,
    canvas,
    rectangle,
    write,
)

STREAM = 60  # where the residual stream runs, x
THICK = 3.5
BOX_LEFT, BOX_WIDTH, BOX_HEIGHT = 130, 290, 54
BOX_RIGHT = BOX_LEFT + BOX_WIDTH
BOX_MIDDLE = BOX_LEFT + BOX_WIDTH / 2
TO_NEXT = BOX_HEIGHT + 22  # from the top of a box to that of the box it leads to
PLUS = 11  # the radius of the sign
HIDDEN = "[batch, seq, n_embd]"


def model() -> Drawing:
    """The whole model, from ids to logits."""
    axes = canvas(470, 768)
    write(axes, BOX_MIDDLE, 16, "ids", align="center", weight="bold")
    write(axes, BOX_MIDDLE, 37, "[batch, seq]", align="center", size=SMALL, font=MONO)
    arrow(axes, (BOX_MIDDLE, 48), (BOX_MIDDLE, 70))
    _module(axes, 70, "token embedding", "step 5", HIDDEN)
    arrow(axes, (BOX_MIDDLE + 60, 26), (446, 26), (446, 169), (BOX_RIGHT, 169))
    _module(axes, 142, "position embedding", "step 6", "[seq, n_embd]")

    rectangle(axes, 16, 212, 438, 334, MUTED, 0.1)
    write(axes, BOX_RIGHT, 230, "n_layer blocks · steps 9, 10", align="right", size=SMALL)
    _sublayer(axes, 246, ("layer norm", "step 3"), ("attention", "steps 2, 7"))
    _sublayer(axes, 398, ("layer norm", "step 3"), ("feed-forward", "step 4"))

    # From the embeddings to the last norm, one line.
    corners = ((BOX_LEFT, 97), (STREAM, 97), (STREAM, 591), (BOX_LEFT, 591))
    arrow(axes, *corners, color=BLUE, width=THICK)
    arrow(axes, (BOX_LEFT, 169), (STREAM + PLUS, 169))
    for y in (169, 349, 501):
        _plus(axes, y)
    write(axes, 36, 425, "residual stream", align="center", size=SMALL, color=BLUE, angle=90)

    _module(axes, 564, "layer norm", "step 3", HIDDEN)
    arrow(axes, (BOX_MIDDLE, 618), (BOX_MIDDLE, 640))
    _module(axes, 640, "head", "step 11", "[batch, seq, vocab_size]")
    arrow(axes, (BOX_MIDDLE, 694), (BOX_MIDDLE, 716))
    write(axes, BOX_MIDDLE, 732, "logits", align="center", weight="bold")
    write(axes, BOX_MIDDLE, 753, "a score for every token", align="center", size=SMALL)
    return Drawing(
        axes.figure,
        "GPT-2 from top to bottom: ids go through the token embedding (step 5) and the position "
        "embedding (step 6); their sum is the residual stream, one unbroken line past n_layer "
        "blocks. In a block, a layer norm and attention, then a layer norm and a feed-forward "
        "network, read from the stream and add to it. Below, a last layer norm and the head "
        "(step 11) turn it into logits of shape [batch, seq, vocab_size].",
    )


def block() -> Drawing:
    """One block: a straight line with two side branches."""
    axes = canvas(470, 392)
    write(axes, STREAM, 14, "x", align="center", weight="bold", font=MONO)
    write(axes, STREAM + 20, 14, HIDDEN, size=SMALL, font=MONO)
    _sublayer(axes, 38, ("ln_1", "step 3"), ("attn", "step 7"), font=MONO)
    _sublayer(axes, 190, ("ln_2", "step 3"), ("mlp", "step 4"), font=MONO)
    arrow(axes, (STREAM, 28), (STREAM, 364), color=BLUE, width=THICK)
    for y in (141, 293):
        _plus(axes, y)
    write(axes, STREAM, 378, "x", align="center", weight="bold", font=MONO)
    write(axes, STREAM + 20, 378, HIDDEN, size=SMALL, font=MONO)
    return Drawing(
        axes.figure,
        "One block: the residual stream x runs straight from top to bottom. Two branches leave "
        "it and come back with a plus: through ln_1 and attn, then through ln_2 and mlp. "
        "What leaves the block has the shape of what enters it, [batch, seq, n_embd].",
    )


SAYINGS = {
    "ln_1": "a normalized copy of x",
    "ln_2": "a normalized copy of x",
    "attn": "positions exchange what they know",
    "mlp": "each position thinks for itself",
}


def _sublayer(
    axes: Axes, top: float, norm: tuple[str, str], layer: tuple[str, str], font: str = SANS
) -> None:
    """A side branch of the stream: it reads a normalized copy, and adds what it finds."""
    below = top + TO_NEXT
    half = BOX_HEIGHT / 2
    arrow(axes, (STREAM, top + half), (BOX_LEFT, top + half))
    _module(axes, top, *norm, SAYINGS.get(norm[0], HIDDEN), font)
    arrow(axes, (BOX_MIDDLE, top + BOX_HEIGHT), (BOX_MIDDLE, below))
    _module(axes, below, *layer, SAYINGS.get(layer[0], HIDDEN), font)
    arrow(axes, (BOX_LEFT, below + half), (STREAM + PLUS, below + half))
    between = (STREAM + PLUS + BOX_LEFT) / 2
    write(axes, between, below + half - 14, "step 8", align="center", size=SMALL, color=MUTED)


def _module(axes: Axes, top: float, name: str, step: str, says: str, font: str = SANS) -> None:
    """A box: its name, its step, and the shape that leaves it."""
    box(axes, BOX_LEFT, top, BOX_WIDTH, BOX_HEIGHT)
    write(axes, BOX_LEFT + 14, top + 18, name, weight="bold", font=font)
    write(axes, BOX_RIGHT - 14, top + 18, step, align="right", color=MUTED, size=SMALL)
    says_font = MONO if says.startswith("[") else SANS
    write(axes, BOX_LEFT + 14, top + 38, says, size=SMALL, font=says_font)


def _plus(axes: Axes, y: float) -> None:
    """The sign of a sum on the stream."""
    axes.add_patch(Circle((STREAM, y), PLUS, fc=PAPER, ec=BLUE, lw=2, zorder=2))
    for points in (((STREAM - 5, y), (STREAM + 5, y)), ((STREAM, y - 5), (STREAM, y + 5))):
        axes.plot(*zip(*points, strict=True), color=INK, lw=2, zorder=3)
