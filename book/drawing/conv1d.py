"""The four matrices of a block, as a checkpoint stores them and as the model has them."""

from matplotlib.axes import Axes

from drawing.passages import SHAKESPEARE
from drawing.style import BLUE, MUTED, ORANGE, SMALL, Drawing, canvas, rectangle, write
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.shapes import parameter_shapes

LAYERS = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
LEFTS = (0, 128, 236, 396)
PIXEL = 36 / 256  # of the figure for a weight
LINE = 5  # the thickness of an output's weights
TOPS = (62, 276)
WIDTH = 540


def conv1d() -> Drawing:
    """Two rows of rectangles, to scale; the second row has each of them turned."""
    shapes = dict(parameter_shapes(read_config(SHIPPED / SHAKESPEARE)))
    axes = canvas(WIDTH, 442)
    write(axes, 0, 14, "in the file: [in, out], an output is a column", weight="bold")
    write(axes, 0, TOPS[1] - 48, "in the model: [out, in], an output is a row", weight="bold")
    for layer, left in zip(LAYERS, LEFTS, strict=True):
        shape = shapes[f"transformer.h.0.{layer}.weight"]
        _matrix(axes, left, TOPS[0], layer, shape[::-1], by_rows=False)
        _matrix(axes, left, TOPS[1], layer, shape, by_rows=True)
    return Drawing(
        axes.figure,
        "The four matrices of a block of shakespeare, drawn to scale, above as the file has them "
        "and below turned, as the model has them. The weights of one output are a column above "
        "and a row below. c_attn, c_fc and the second c_proj change their shape when they are "
        "turned; the first c_proj, 256 by 256, is a square before and after.",
    )


def _matrix(
    axes: Axes, left: float, top: float, layer: str, shape: tuple[int, ...], *, by_rows: bool
) -> None:
    """A matrix with its name above, its shape below, and the weights of its first output."""
    height, width = (PIXEL * size for size in shape)
    write(axes, left, top - 14, layer, size=SMALL)
    rectangle(axes, left, top, width, height, BLUE, 0.25)
    line = (width, LINE) if by_rows else (LINE, height)
    rectangle(axes, left, top, *line, ORANGE)
    write(axes, left, top + height + 12, str(list(shape)), size=SMALL, color=MUTED)
