"""How many tokens a second each contestant of `gpt2 bench` writes, and what memory would allow."""

import statistics

from bench.contestants import ENTRIES
from bench.limit import limits, measured_shares, measurements
from drawing.style import BLUE, FAINT, MUTED, ORANGE, SMALL, Drawing, canvas, line, rectangle, write

ROW = 26
NAMES, BARS = 176, 270  # the width of the names' column, and up to the highest limit
SHARES = NAMES + BARS + 130  # where their column ends
TOP = 62


def decode_speed() -> Drawing:
    """A bar for each contestant, lines at the limits of the rounds, and its share of them."""
    results, shares = measurements(), measured_shares()
    entries = [entry for entry in ENTRIES if entry.name in shares]
    speeds = {e: statistics.median(results["figures"][e.name]["decode"]) for e in entries}
    allowed = {e: limits(e, results["bandwidths"], results["weights"]) for e in entries}
    scale = BARS / max(max(rounds) for rounds in allowed.values())

    axes = canvas(SHARES + 4, TOP + ROW * len(entries) + 8)
    write(axes, NAMES, 16, "tokens per second", size=SMALL, color=MUTED)
    line(axes, (NAMES, 32), (NAMES, 46), color=ORANGE)
    write(axes, NAMES + 8, 38, "what memory allows, in each round", size=SMALL, color=MUTED)
    write(axes, SHARES, 16, "reached, median", size=SMALL, color=MUTED, align="right")
    write(axes, SHARES, 38, "(from, to)", size=SMALL, color=MUTED, align="right")
    told = []
    for row, entry in enumerate(entries):
        y = TOP + row * ROW
        ours = entry.name.startswith("this engine")
        write(axes, 0, y + ROW / 2, entry.name, size=SMALL, weight="bold" if ours else "normal")
        rectangle(axes, NAMES, y + 4, speeds[entry] * scale, ROW - 8, BLUE if ours else FAINT)
        places = [NAMES + limit * scale for limit in allowed[entry]]
        for x in places:
            line(axes, (x, y + 4), (x, y + ROW - 4), color=ORANGE)
        beside = NAMES + speeds[entry] * scale + 6
        if any(-6 < x - beside < 36 for x in places):  # the number would lie on a line
            beside = max(places) + 6
        write(axes, beside, y + ROW / 2, f"{speeds[entry]:.0f}", size=SMALL)
        low, high = min(shares[entry.name]), max(shares[entry.name])
        share = f"{statistics.median(shares[entry.name]):.0%} ({low:.0%}, {high:.0%})"
        write(axes, SHARES, y + ROW / 2, share, size=SMALL, align="right")
        told.append(f"{entry.name} {speeds[entry]:.0f}, {share}")
    return Drawing(
        axes.figure,
        "Tokens per second of GPT-2 124M on two cores, medians of "
        f"{len(results['bandwidths'])} rounds, and what share that is of what the bandwidth allows "
        f"in the same round (from, to), by engine and weights: {'; '.join(told)}.",
    )
