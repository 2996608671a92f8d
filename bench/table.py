"""README's table, from what `gpt2 bench --json` wrote: `uv run python bench/table.py`.

`avx2.json` behind it makes the book's, of a processor without AVX-512.
"""

import statistics
import sys

from bench.contestants import ENTRIES
from bench.limit import SPEED, measurements


def markdown(file: str = SPEED) -> str:
    """A row for each contestant of a file in bench/measurements.

    Cells are medians of the rounds; with the first of them, the lowest and the highest.
    """
    results = measurements(file)
    columns = {
        "tokens/s (lowest to highest)": ("decode", 1),
        "drawn, tokens/s": ("sampled", 1),
        "8 texts, tokens/s": ("batch", 1),
        "prompt of 512, ms": ("prefill", 1000),
    }
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for entry in ENTRIES:
        if (figures := results["figures"].get(entry.name)) is not None:
            cells = [_median(figures[what], unit) for what, unit in columns.values()]
            cells[0] += f" ({min(figures['decode']):.0f} to {max(figures['decode']):.0f})"
            lines.append(f"| {entry.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _median(numbers: list[float], unit: float) -> str:
    return f"{unit * statistics.median(numbers):.0f}" if numbers else ""


if __name__ == "__main__":
    print(markdown(*sys.argv[1:]), end="")
