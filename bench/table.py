"""README's table, from what `gpt2 bench --json` wrote: `uv run python bench/table.py`."""

import statistics

from bench.contestants import ENTRIES
from bench.limit import measurements


def markdown() -> str:
    """A row for each contestant: medians of the rounds."""
    results = measurements()
    lines = [
        "| | tokens/s | 8 texts, tokens/s | prompt of 512, ms |",
        "| --- | ---: | ---: | ---: |",
    ]
    for entry in ENTRIES:
        if (figures := results["figures"].get(entry.name)) is not None:
            decode = statistics.median(figures["decode"])
            batch = f"{statistics.median(figures['batch']):.0f}" if figures["batch"] else ""
            prefill = 1000 * statistics.median(figures["prefill"])
            lines.append(f"| {entry.name} | {decode:.0f} | {batch} | {prefill:.0f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
