"""The two processes of `gpt2 serve`, and how a request goes through them."""

from matplotlib.axes import Axes

from drawing.style import (
    BLUE,
    MUTED,
    ORANGE,
    SMALL,
    Drawing,
    arrow,
    box,
    canvas,
    rectangle,
    write,
)

WIDTH = 480
EDGE, GAP = 14, 30  # inside a process: to its border, and between two boxes
HALF = (WIDTH - 2 * EDGE - GAP) / 2  # the width of a box
HEIGHT, SPACE = 54, 34  # of a box, and between two rows of them
TITLE = 38  # from the upper border of a process to its first row
LEFT, RIGHT = EDGE, EDGE + HALF + GAP
DOWN, UP = WIDTH / 2 - 20, WIDTH / 2 + 20  # where the arrows between the processes are
FIRST, SECOND = 70, 246  # the upper borders of the processes
MAXS, OURS = ORANGE, BLUE


def processes() -> Drawing:
    """A request goes down, its tokens come up; step after step goes round below."""
    second_height = TITLE + 2 * HEIGHT + SPACE + EDGE
    legend = SECOND + second_height + 22
    axes = canvas(WIDTH, legend + 12)
    write(axes, WIDTH / 2, 12, "curl, a program, the page", align="center", weight="bold")
    _between(axes, 28, FIRST, "a request", "text, in pieces")

    rectangle(axes, 0, FIRST, WIDTH, TITLE + HEIGHT + EDGE, MUTED, 0.1)
    write(axes, EDGE, FIRST + 20, "the server's process", weight="bold")
    top = FIRST + TITLE
    _part(axes, LEFT, top, OURS, "the application", "key, fields, errors")
    _part(axes, RIGHT, top, OURS, "the tokenizer", "ids, text, stop strings")
    _level(axes, top, LEFT + HALF, RIGHT)
    _between(axes, top + HEIGHT + EDGE, SECOND, "ids, options, a seed", "tokens")

    rectangle(axes, 0, SECOND, WIDTH, second_height, MUTED, 0.1)
    write(axes, EDGE, SECOND + 20, "the model's process, step after step", weight="bold")
    top = SECOND + TITLE
    below = top + HEIGHT + SPACE
    _part(axes, LEFT, top, MAXS, "the scheduler", "who takes part")
    _part(axes, RIGHT, top, MAXS, "the pages", "where keys and values are")
    _part(axes, RIGHT, below, OURS, "the engine", "new tokens to logits")
    _part(axes, LEFT, below, OURS, "choosing", "by seed and place")
    _level(axes, top, LEFT + HALF, RIGHT)
    arrow(axes, (RIGHT + HALF / 2, top + HEIGHT), (RIGHT + HALF / 2, below))
    _level(axes, below, RIGHT, LEFT + HALF)
    arrow(axes, (LEFT + HALF / 2, below), (LEFT + HALF / 2, top + HEIGHT))

    for x, color, words in ((EDGE, OURS, "this project's"), (EDGE + 140, MAXS, "MAX's")):
        rectangle(axes, x, legend - 6, 12, 12, color)
        write(axes, x + 20, legend, words, size=SMALL, color=MUTED)
    return Drawing(
        axes.figure,
        "Two processes. A request goes down from a client to the server's process, where the "
        "application checks key and fields and the tokenizer makes ids of text; both are this "
        "project's. Ids, options and a seed go down to the model's process, which goes round in "
        "steps: MAX's scheduler says who takes part, MAX's pages hold keys and values, this "
        "project's engine makes logits of the new tokens, and the next ones are chosen by seed "
        "and place. Tokens go up again, and out as text, in pieces.",
    )


def _part(axes: Axes, x: float, y: float, color: str, name: str, does: str) -> None:
    """A box: who it is, and what it is there for."""
    box(axes, x, y, HALF, HEIGHT, color)
    write(axes, x + HALF / 2, y + 18, name, align="center", weight="bold", color=color)
    write(axes, x + HALF / 2, y + 38, does, align="center", size=SMALL)


def _level(axes: Axes, top: float, start: float, end: float) -> None:
    """An arrow from a box to the one beside it."""
    arrow(axes, (start, top + HEIGHT / 2), (end, top + HEIGHT / 2))


def _between(axes: Axes, top: float, bottom: float, down: str, up: str) -> None:
    """What goes down and what comes up."""
    arrow(axes, (DOWN, top + 4), (DOWN, bottom - 2))
    arrow(axes, (UP, bottom - 4), (UP, top + 2))
    middle = (top + bottom) / 2
    write(axes, DOWN - 14, middle, down, align="right", size=SMALL, color=MUTED)
    write(axes, UP + 14, middle, up, size=SMALL, color=MUTED)
