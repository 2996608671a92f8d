"""Rows or panels, and what starting threads takes: `uv run python bench/reading.py`.

Runs reading.mojo, and keeps what it measured in measurements/reading.json, from where the book has
it. Quiet machines give steady numbers.
"""

import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.bandwidth import build_meter
from course.files import SOLUTIONS

MEASUREMENTS = Path(__file__).parent / "measurements" / "reading.json"


def measure() -> dict[str, list[float]]:
    """Bytes per second of both ways to read, and seconds to start all threads, turn by turn."""
    with tempfile.TemporaryDirectory() as folder:
        run = build_meter("reading.mojo", Path(folder), "-I", str(SOLUTIONS))
        turns = [map(float, line.split()) for line in run().splitlines()]
    rows, panels, starts = map(list, zip(*turns, strict=True))
    return {"rows": rows, "panels": panels, "starts": starts}


def report() -> str:
    """What was measured last: medians of the turns, and from where to where they go."""
    measured = json.loads(MEASUREMENTS.read_text(encoding="utf-8"))
    rows, panels = measured["rows"], measured["panels"]
    ratios = [panel / row for row, panel in zip(rows, panels, strict=True)]
    lines = (
        ("rows, in small pages", [speed / 1e9 for speed in rows], "GB/s"),
        ("panels, in large pages", [speed / 1e9 for speed in panels], "GB/s"),
        ("panels / rows, turn by turn", ratios, "times"),
        ("starting all threads, 60 times", [60e3 * start for start in measured["starts"]], "ms"),
    )
    return "".join(f"{what:32}{_spread(numbers)} {unit}\n" for what, numbers, unit in lines)


def _spread(numbers: Sequence[float]) -> str:
    middle = statistics.median(numbers)
    return f"{middle:5.1f} ({min(numbers):.1f} to {max(numbers):.1f})"


if __name__ == "__main__":
    MEASUREMENTS.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    print(report(), end="")
