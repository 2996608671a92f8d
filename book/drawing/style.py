"""How figures look: colours, lettering, and the two surfaces they are drawn on.

Lengths are pixels of the finished figure: Matplotlib's point is made the SVG's unit.
"""

from dataclasses import dataclass

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

# The light theme's colours; `drawing.svg` turns each into the page's variable of that name.
INK = "#222222"
MUTED = "#5f5f5f"
FAINT = "#d4d4d4"
BLUE = "#1f5fa8"
ORANGE = "#a84a00"
GREEN = "#1c7040"
RED = "#b02a37"
PAPER = "#fefefe"
CLEAR = "none"

SIZE = 15  # of letters, in a figure about 500 wide
SMALL = 13.5
MINUS = "\N{MINUS SIGN}"
MONO = "monospace"  # for code and tokens
SANS = "sans-serif"
POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Drawing:
    """A figure, and what it shows in words."""

    figure: Figure
    alt: str


def prepare() -> None:
    """Sets Matplotlib up, whatever this machine's settings are."""
    matplotlib.rcdefaults()
    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
    matplotlib.rcParams["path.simplify"] = False  # which would drop other points elsewhere


def sheet(width: float, height: float) -> Figure:
    """An empty figure of that many pixels."""
    return Figure(figsize=(width / POINTS_PER_INCH, height / POINTS_PER_INCH))


def canvas(width: float, height: float) -> Axes:
    """A bare surface whose coordinates are pixels, from the upper left corner."""
    axes = sheet(width, height).add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return axes


def plot(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """A coordinate system on a sheet, with its numbers but no frame; the place is in pixels."""
    page_width, page_height = figure.get_size_inches() * POINTS_PER_INCH
    bottom = page_height - top - height
    place = (left / page_width, bottom / page_height, width / page_width, height / page_height)
    axes = figure.add_axes(place)
    axes.patch.set_visible(False)
    axes.spines[["left", "top", "right"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.tick_params(length=0, pad=6, labelsize=SMALL, labelcolor=MUTED)
    return axes


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    align: str = "left",
    color: str = INK,
    size: float = SIZE,
    font: str = SANS,
    weight: str = "normal",
    angle: float = 0,
) -> None:
    """One line of text on a canvas, its small letters centred about y (about x if it is turned)."""
    drop = 0.35 * size  # from the middle of the letters to their baseline
    if angle:
        x += drop
    else:
        y += drop
    axes.text(
        x,
        y,
        text,
        ha=align,
        va="baseline",
        color=color,
        size=size,
        family=font,
        weight=weight,
        rotation=angle,
        rotation_mode="anchor",
    )


def rectangle(
    axes: Axes, x: float, y: float, width: float, height: float, color: str, opacity: float = 1
) -> None:
    """A filled rectangle on a canvas; x and y are its upper left corner."""
    axes.add_patch(Rectangle((x, y), width, height, fc=(color, opacity), ec=CLEAR, lw=0))


def box(axes: Axes, x: float, y: float, width: float, height: float, color: str = MUTED) -> None:
    """A rounded outline on a canvas, over what lies behind it."""
    shape = "round,pad=0,rounding_size=6"
    axes.add_patch(
        FancyBboxPatch((x, y), width, height, shape, fc=PAPER, ec=color, lw=1.3, zorder=2)
    )


def line(axes: Axes, *points: tuple[float, float], color: str = MUTED, width: float = 1.5) -> None:
    """A line through points of a canvas, under the boxes."""
    axes.plot(*zip(*points, strict=True), color=color, lw=width, zorder=1)


def arrow(axes: Axes, *points: tuple[float, float], color: str = MUTED, width: float = 1.5) -> None:
    """A line with a head at its last point; its last stretch is upright or level."""
    (from_x, from_y), (x, y) = points[-2:]
    length = abs(x - from_x) + abs(y - from_y)
    along_x, along_y = (x - from_x) / length, (y - from_y) / length  # one of them is 0
    back, side = 5 + 2 * width, 2.5 + width
    neck_x, neck_y = x - back * along_x, y - back * along_y
    line(axes, *points[:-1], (neck_x, neck_y), color=color, width=width)
    head_x = (x, neck_x + side * along_y, neck_x - side * along_y)
    head_y = (y, neck_y + side * along_x, neck_y - side * along_x)
    axes.fill(head_x, head_y, color=color, lw=0, zorder=3)
