"""The book's table, from what was measured: `uv run python -m bench.serving.table`.

`gpt2 bench --serve --json bench/measurements/serving.json` measures.
"""

import json
import statistics
from pathlib import Path

from bench.serving.load import Met
from bench.serving.servers import FORMATS, OURS, THEIRS
from bench.serving.targets import Results, Turn

MEASUREMENTS = Path(__file__).parents[1] / "measurements" / "serving.json"


def measurements() -> Results:
    """What was measured last."""
    found = json.loads(MEASUREMENTS.read_text(encoding="utf-8"))
    return Results(
        generator=found["generator"],
        prompt_tokens=found["prompt_tokens"],
        new_tokens=found["new_tokens"],
        requests={int(at_once): count for at_once, count in found["requests"].items()},
        turns=[Turn(**turn | {"met": Met(**turn["met"])}) for turn in found["turns"]],
        alone={
            form: {int(number): speed for number, speed in rounds.items()}
            for form, rounds in found["alone"].items()
        },
        failures=found["failures"],
    )


def markdown() -> str:
    """A row for each format and number of requests at once: medians of the rounds."""
    results = measurements()
    lines = [
        f"| weights | requests at once | {OURS}, tokens/s | {THEIRS} | ratio "
        f"| {OURS}, first token, ms | {THEIRS} | ratio |",
        "| --- |" + " ---: |" * 7,
    ]
    for form in (form.name for form in FORMATS):
        for at_once in results.requests:
            cells = [form, f"{at_once}"]
            for what, unit in (("throughput", 1), ("first", 1000)):
                for server in (OURS, THEIRS):
                    cells.append(f"{unit * results.median(form, server, at_once, what):.0f}")
                cells.append(f"{statistics.median(results.ratios(form, at_once, what)):.2f}")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
