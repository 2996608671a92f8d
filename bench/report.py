"""The tables of `gpt2 bench`."""

import statistics

from rich import box
from rich.console import Console
from rich.table import Table

from bench.contestants import ENGINE, ENTRIES, LOOKUP
from bench.measure import POSITIONS, Figures
from bench.targets import reached

WIDTH = 140  # of a file or a pipe


def print_report(figures: dict[str, Figures], bandwidths: list[float], weight_numbers: int) -> None:
    """Prints what was measured.

    Args:
        figures: by the contestants' names.
        bandwidths: bytes per second, of each round.
        weight_numbers: how many weights are read for a token.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in (
        "decode\ntokens/s",
        "spread",
        "of what memory\nallows",
        "prefill\n512, ms",
        "8 texts\ntokens/s",
        *(f"ms at\n{position}" for position in POSITIONS),
        "peak\nMB",
        "same\ntokens",
    ):
        table.add_column(column, justify="right", no_wrap=True)
    for entry in ENTRIES:
        if entry.name in figures:
            table.add_row(
                entry.name,
                *_cells(figures, entry.name, bandwidths, weight_numbers * entry.bits / 8),
            )
    console.print(table)
    gigabytes = statistics.median(bandwidths) / 1e9
    console.print(f"memory is read at {gigabytes:.1f} GB/s (median of {len(bandwidths)})\n")
    targets = Table(box=box.SIMPLE, pad_edge=False)
    for column in ("ratio, median of the rounds", "measured", "target", ""):
        targets.add_column(column, justify="left" if column.startswith("ratio") else "right")
    for target, ratio in reached(figures):
        mark = "ok" if ratio >= target.least else "no"
        targets.add_row(target.what, f"{ratio:.2f}", f"{target.least:.1f}", mark)
    console.print(targets)


def _cells(
    all_figures: dict[str, Figures], name: str, bandwidths: list[float], bytes_read: float
) -> list[str]:
    figures = all_figures[name]
    limits = [bandwidth / bytes_read for bandwidth in bandwidths]  # tokens/s
    shares = [decode / limit for decode, limit in zip(figures.decode, limits, strict=True)]
    return [
        f"{statistics.median(figures.decode):.1f}",
        f"{min(figures.decode):.1f} to {max(figures.decode):.1f}",
        f"{statistics.median(shares):.0%}",
        f"{1000 * statistics.median(figures.prefill):.0f}",
        f"{statistics.median(figures.batch):.0f}" if figures.batch else "",
        *(
            f"{statistics.median(figures.positions[position]):.1f}" if figures.positions else ""
            for position in POSITIONS
        ),
        f"{figures.peak_memory / 1e6:.0f}",
        "" if name == LOOKUP else _agreement(figures.tokens, all_figures[ENGINE].tokens),
    ]


def _agreement(tokens: list[int], expected: list[int]) -> str:
    """How many tokens from the first are the same."""
    count = min(len(tokens), len(expected))
    same = next((i for i in range(count) if tokens[i] != expected[i]), count)
    return f"{same} of {count}"
