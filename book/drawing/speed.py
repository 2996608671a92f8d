"""How many tokens a second each contestant of `gpt2 bench` writes, and what memory would allow."""

import json
import statistics
from pathlib import Path

from bench.contestants import ENTRIES, LOOKUP
from drawing.style import BLUE, FAINT, MUTED, ORANGE, SMALL, Drawing, canvas, line, rectangle, write

MEASUREMENTS = Path(__file__).parents[2] / "bench" / "measurements" / "speed.json"
ROW = 26
NAMES, BARS = 176, 300  # the width of the names' column, and of the longest bar
TOP = 40


def decode_speed() -> Drawing:
    """A bar for each contestant, and a line at its limit: bandwidth / bytes of the weights."""
    results = json.loads(MEASUREMENTS.read_text(encoding="utf-8"))
    bandwidth = statistics.median(results["bandwidths"])
    entries = [e for e in ENTRIES if e.name in results["figures"] and e.name != LOOKUP]
    speeds = {e: statistics.median(results["figures"][e.name]["decode"]) for e in entries}
    limits = {e: bandwidth / (results["weights"] * e.bits / 8) for e in entries}
    scale = BARS / max(limits.values())

    axes = canvas(NAMES + BARS + 24, TOP + ROW * len(entries) + 8)
    write(axes, NAMES, 16, "tokens per second", size=SMALL, color=MUTED)
    line(axes, (NAMES + 150, 10), (NAMES + 150, 24), color=ORANGE, width=2)
    write(axes, NAMES + 158, 16, "what memory allows", size=SMALL, color=MUTED)
    for row, entry in enumerate(entries):
        y = TOP + row * ROW
        ours = entry.name.startswith("this engine")
        write(axes, 0, y + ROW / 2, entry.name, size=SMALL, weight="bold" if ours else "normal")
        color = BLUE if ours else FAINT
        rectangle(axes, NAMES, y + 4, speeds[entry] * scale, ROW - 8, color)
        x = NAMES + limits[entry] * scale
        line(axes, (x, y + 2), (x, y + ROW - 2), color=ORANGE, width=2)
        beside = NAMES + speeds[entry] * scale + 6
        if 0 < x - beside < 34:  # the number would lie on the line
            beside = x + 6
        write(axes, beside, y + ROW / 2, f"{speeds[entry]:.0f}", size=SMALL)
    told = "; ".join(f"{e.name} {speeds[e]:.0f} of {limits[e]:.0f}" for e in entries)
    return Drawing(
        axes.figure,
        "Tokens per second of GPT-2 124M on two cores, and how many the bandwidth of "
        f"{bandwidth / 1e9:.0f} GB/s would allow, by engine and weights: {told}.",
    )
