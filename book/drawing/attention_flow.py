"""The way through one attention layer, and the shapes along it."""

from matplotlib.axes import Axes

from drawing.style import MONO, MUTED, SMALL, Drawing, arrow, box, canvas, write

COLUMNS = (1, 83, 165)  # where query, key and value stand
NARROW, MIDDLING, WIDE = 68, 150, 232  # a box over one, two or three columns
CENTRES = [left + NARROW / 2 for left in COLUMNS]
SHAPES = 254  # where they are written
TALL = 38
HIDDEN = "[batch, seq, n_embd]"
HEADS = "[batch, n_head, seq, head_dim]"
SCORES = "[batch, n_head, seq, seq]"


def attention_shapes() -> Drawing:
    """From x to what attention adds: operations on the left, what leaves them on the right."""
    axes = canvas(500, 634)
    middle = WIDE / 2
    scores = MIDDLING / 2

    write(axes, middle, 12, "x", align="center", font=MONO, weight="bold")
    _shape(axes, 12, HIDDEN)
    arrow(axes, (middle, 24), (middle, 46))
    _operation(axes, 46, "c_attn", "[batch, seq, 3 * n_embd]", WIDE)
    for left, centre, name in zip(COLUMNS, CENTRES, ("query", "key", "value"), strict=True):
        arrow(axes, (centre, 84), (centre, 120))
        box(axes, left, 120, NARROW, TALL)
        write(axes, centre, 139, name, align="center", size=14, font=MONO)
        arrow(axes, (centre, 158), (centre, 180))
        arrow(axes, (centre, 218), (centre, 396 if name == "value" else 254))
    write(axes, SHAPES, 102, "split, into three times", size=SMALL, color=MUTED)
    _shape(axes, 139, HIDDEN)
    _operation(axes, 180, "split_heads", HEADS, WIDE)
    write(axes, SHAPES, 222, "each of the three", size=SMALL, color=MUTED)
    _operation(axes, 254, "query @ key\N{MODIFIER LETTER CAPITAL T}", SCORES, MIDDLING)
    write(axes, SHAPES, 299, "/ sqrt(head_dim), + mask", size=SMALL, color=MUTED)
    arrow(axes, (scores, 292), (scores, 324))
    _operation(axes, 324, "softmax", SCORES, MIDDLING)
    write(axes, SHAPES, 366, "the weights", size=SMALL, color=MUTED)
    arrow(axes, (scores, 362), (scores, 396))
    _operation(axes, 396, "weights @ value", HEADS, WIDE)
    arrow(axes, (middle, 434), (middle, 466))
    _operation(axes, 466, "merge_heads", HIDDEN, WIDE)
    arrow(axes, (middle, 504), (middle, 536))
    _operation(axes, 536, "c_proj", HIDDEN, WIDE)
    arrow(axes, (middle, 574), (middle, 602))
    write(axes, middle, 616, "added to the residual stream", align="center", size=SMALL)
    return Drawing(
        axes.figure,
        "Attention from top to bottom. c_attn makes [batch, seq, 3 * n_embd] of x; it is split "
        "into query, key and value, and split_heads gives each the shape [batch, n_head, seq, "
        "head_dim]. Query times key transposed, scaled, masked and put through softmax, gives "
        "weights [batch, n_head, seq, seq]. Weights times value, merge_heads and c_proj lead "
        "back to [batch, seq, n_embd].",
    )


def _operation(axes: Axes, top: float, name: str, shape: str, width: float) -> None:
    """A box over some columns, and beside it the shape that leaves it."""
    box(axes, COLUMNS[0], top, width, TALL)
    write(axes, width / 2, top + TALL / 2, name, align="center", size=14, font=MONO)
    _shape(axes, top + TALL / 2, shape)


def _shape(axes: Axes, y: float, shape: str) -> None:
    write(axes, SHAPES, y, shape, size=SMALL, font=MONO)
