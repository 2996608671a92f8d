"""The tables of `gpt2 bench`."""

import statistics

from rich import box
from rich.console import Console
from rich.table import Table

from bench.contestants import ENGINE, ENTRIES, LOOKUP
from bench.measure import POSITIONS, Figures
from bench.targets import Results, targets

WIDTH = 140  # of a file or a pipe


def print_report(results: Results, weight_numbers: int) -> None:
    """Prints what was measured; weight_numbers: how many weights are read for a token."""
    figures, bandwidths = results.figures, results.bandwidths
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
    for entry in ENTRIES:
        if entry.name in figures and entry.exact:
            tokens, expected = figures[entry.name].tokens, figures[ENGINE].tokens
            if (same := agreement(tokens, expected)) < len(tokens):
                console.print(
                    f"[bold]{entry.name} computes something else[/] from token {same + 1} on"
                )
    gigabytes = statistics.median(bandwidths) / 1e9
    console.print(f"memory is read at {gigabytes:.1f} GB/s (median of {len(bandwidths)})\n")
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("median of the rounds")
    for column in ("measured", "target", ""):
        table.add_column(column, justify="right", no_wrap=True)
    for target in targets(results):
        limit = f"{'≤' if target.at_most else '≥'} {target.limit:.1f}{target.unit}"
        measured = f"{target.measured:.2f}{target.unit}"
        table.add_row(target.what, measured, limit, "ok" if target.reached else "no")
    console.print(table)


def _cells(
    all_figures: dict[str, Figures], name: str, bandwidths: list[float], bytes_read: float
) -> list[str]:
    figures = all_figures[name]
    limits = [bandwidth / bytes_read for bandwidth in bandwidths]  # tokens/s
    same = agreement(figures.tokens, all_figures[ENGINE].tokens)
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
        "" if name == LOOKUP else f"{same} of {len(figures.tokens)}",
    ]


def agreement(tokens: list[int], expected: list[int]) -> int:
    """How many tokens from the first are the same."""
    pairs = zip(tokens, expected, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), len(tokens))
