"""README's table, from what `gpt2 bench --json` wrote: `uv run python bench/table.py`."""

import statistics

from bench.contestants import ENTRIES
from bench.limit import measurements


def markdown() -> str:
    """A row for each contestant: medians of the rounds."""
    results = measurements()
    columns = {
        "tokens/s": ("decode", 1),
        "drawn, tokens/s": ("sampled", 1),
        "8 texts, tokens/s": ("batch", 1),
        "prompt of 512, ms": ("prefill", 1000),
    }
    if not any(figures.get("sampled") for figures in results["figures"].values()):
        del columns["drawn, tokens/s"]  # what was measured before it was
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for entry in ENTRIES:
        if (figures := results["figures"].get(entry.name)) is not None:
            cells = (_median(figures.get(what, []), unit) for what, unit in columns.values())
            lines.append(f"| {entry.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _median(numbers: list[float], unit: float) -> str:
    return f"{unit * statistics.median(numbers):.0f}" if numbers else ""


if __name__ == "__main__":
    print(markdown(), end="")
