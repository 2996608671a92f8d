"""The tables of `gpt2 bench`, each for a terminal of 80 columns."""

import statistics
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from bench.contestants import ENGINE, ENTRIES, LOOKUP, SAMPLING, Entry
from bench.limit import shares
from bench.measure import BATCH, LONG, NEW_TOKENS, POSITIONS, SHORT, Figures
from bench.targets import Results, Target, targets

WIDTH = 80  # of a file or a pipe


def print_report(results: Results, weight_numbers: int) -> None:
    """Prints what was measured; weight_numbers: how many weights are read for a token."""
    console = make_console()
    measured = [(e, results.figures[e.name]) for e in ENTRIES if e.name in results.figures]
    expected = results.figures.get(ENGINE, Figures()).tokens

    columns = (
        f"tokens\nper s\ntg{NEW_TOKENS}",
        "from,\nto",
        "of\nlimit",
        "from,\nto",
        f"{BATCH} texts\nper s",
        f"{LONG} in\nms\npp{LONG}",
    )
    speed = make_table("", *columns)
    for entry, figures in measured:
        speed.add_row(entry.name, *_speed(entry, figures, results.bandwidths, weight_numbers))
    console.print(f"On {results.processor}:")
    console.print(speed)
    gigabytes = statistics.median(results.bandwidths) / 1e9
    console.print(
        f"The limit: memory is read at {gigabytes:.1f} GB/s (median of "
        f"{len(results.bandwidths)}), and a token needs all weights once.\n"
        f"tg{NEW_TOKENS} and pp{LONG} are llama-bench's names; its tg{NEW_TOKENS} has no prompt "
        f"(ours {SHORT} tokens), its pp{LONG} is in tokens per second.\n"
    )

    places = (f"ms at\n{place}" for place in POSITIONS)
    details = make_table("", "drawn\nper s", *places, "kept\nbeside", "peak\nMB", "same\ntokens")
    for entry, figures in measured:
        same = agreement(figures.tokens, expected)
        details.add_row(
            entry.name,
            _median(figures.sampled, ".1f"),
            *(_median(figures.positions.get(place, ()), ".1f") for place in POSITIONS),
            _median(figures.kept, ".0%"),
            f"{figures.peak_memory / 1e6:.0f}",
            f"{same}/{len(figures.tokens)}" if expected and entry.name != LOOKUP else "",
        )
    console.print(details)
    chances = " and ".join(f"{name.replace('_', '-')} {what}" for name, what in SAMPLING.items())
    console.print(f"Drawn: by {chances}; all else takes the likeliest token.\n")
    console.print("Kept is the share of the speed that is left while another process is busy.\n")
    for entry, figures in measured:
        same = agreement(figures.tokens, expected)
        if expected and entry.exact and same < len(figures.tokens):
            where = f"from token {same + 1} on"
            console.print(f"[bold]{entry.name} computes something else {where}[/]")

    print_targets("median of the rounds", targets(results))
    for name, how in results.failures.items():
        console.print(f"{name} is left out: {how}", markup=False)


def print_targets(title: str, all_targets: Iterable[Target]) -> None:
    """Prints which of them are reached."""
    reached = make_table(title, "here", "target", "")
    for target in all_targets:
        limit = f"{'≤' if target.at_most else '≥'} {target.limit:.2f}{target.unit}"
        value = f"{target.measured:.2f}{target.unit}"
        reached.add_row(target.what, value, limit, "ok" if target.reached else "no")
    make_console().print(reached)


def make_console() -> Console:
    """Where reports go."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    return console


def make_table(first: str, *columns: str) -> Table:
    """A table with names on the left and numbers behind them."""
    table = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _speed(
    entry: Entry, figures: Figures, bandwidths: list[float], weight_numbers: int
) -> list[str]:
    """The cells of the first table."""
    reached = shares(entry, figures.decode, bandwidths, weight_numbers)
    return [
        _median(figures.decode, ".1f"),
        _range(figures.decode),
        _median(reached, ".0%"),
        _range([100 * share for share in reached], "%"),
        _median(figures.batch, ".0f"),
        _median([1000 * seconds for seconds in figures.prefill], ".0f"),
    ]


def _median(numbers: Iterable[float], form: str) -> str:
    """Nothing where nothing was measured."""
    numbers = list(numbers)
    return format(statistics.median(numbers), form) if numbers else ""


def _range(numbers: list[float], unit: str = "") -> str:
    return f"{min(numbers):.0f}, {max(numbers):.0f}{unit}" if numbers else ""


def agreement(tokens: list[int], expected: list[int]) -> int:
    """How many tokens from the first are the same."""
    pairs = zip(tokens, expected, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), len(tokens))
