"""Where the parameters are."""

from matplotlib.axes import Axes

from drawing.style import (
    BLUE,
    GREEN,
    MUTED,
    ORANGE,
    PAPER,
    RED,
    SMALL,
    Drawing,
    canvas,
    line,
    rectangle,
    write,
)
from drawing.values import parameter_counts
from solutions.solution_01 import GPT2Config

OPENAI = {
    "124M": GPT2Config(),
    "355M": GPT2Config(n_embd=1024, n_layer=24, n_head=16),
    "774M": GPT2Config(n_embd=1280, n_layer=36, n_head=20),
    "1.5B": GPT2Config(n_embd=1600, n_layer=48, n_head=25),
}
TOTALS = {"124M": 124_439_808, "355M": 354_823_168, "774M": 774_030_080, "1.5B": 1_557_611_200}

PARTS = {
    "wte": ("token embedding", BLUE),
    "wpe": ("position embedding", RED),
    "attn": ("attention", GREEN),
    "mlp": ("feed-forward", ORANGE),
}


def parameters() -> Drawing:
    """A bar for each of OpenAI's models, its parts in proportion."""
    left, width, height = 52, 500, 38
    axes = canvas(left + width + 2, 352)
    shares = {size: _shares(size) for size in OPENAI}

    for row, (size, share) in enumerate(shares.items()):
        top = 62 + 76 * row
        write(axes, 0, top + height / 2, size, weight="bold")
        x = left
        for part, (_, color) in PARTS.items():
            length = width * share[part]
            rectangle(axes, x, top, max(length - 1.5, 1), height, color)
            if share[part] > 0.04:
                percent = f"{share[part]:.0%}"
                middle = (x + length / 2, top + height / 2)
                write(axes, *middle, percent, align="center", size=SMALL, color=PAPER)
            x += length
        total = f"{TOTALS[size]:,} parameters"
        write(axes, left, top + height + 12, total, size=SMALL, color=MUTED)

    _names(axes, left, width, shares["124M"])
    share = {part: f"{value:.1%}" for part, value in shares["124M"].items()}
    large = {part: f"{value:.1%}" for part, value in shares["1.5B"].items()}
    return Drawing(
        axes.figure,
        "Four bars, one for each of OpenAI's sizes. In the 124M model the token embedding holds "
        f"{share['wte']} of the parameters, the position embedding {share['wpe']}, attention "
        f"{share['attn']} and the feed-forward networks {share['mlp']}; in the 1.5B model the "
        f"token embedding is down to {large['wte']}, and the feed-forward networks hold "
        f"{large['mlp']}. The layer norms, below 0.1%, are too small to see.",
    )


def _shares(size: str) -> dict[str, float]:
    """Each part's share of all parameters of one of OpenAI's models."""
    counts = parameter_counts(OPENAI[size])
    if sum(counts.values()) != TOTALS[size]:
        raise ValueError(f"{size} has {sum(counts.values())} parameters, not {TOTALS[size]}")
    return {part: count / TOTALS[size] for part, count in counts.items()}


def _names(axes: Axes, left: float, width: float, share: dict[str, float]) -> None:
    """The parts' names above the first bar; that of the thin one stands higher, on a line."""
    x = left
    for part, (name, color) in PARTS.items():
        middle = x + width * share[part] / 2
        if part == "wpe":
            line(axes, (middle, 26), (middle, 60), color=color)
            write(axes, middle, 14, name, align="center", size=SMALL, color=color)
        else:
            write(axes, middle, 48, name, align="center", size=SMALL, color=color)
        x += width * share[part]
