"""How many tokens a second two servers write, by how many requests they have at once."""

from bench.serving.servers import FORMATS, OURS, THEIRS
from bench.serving.table import measurements
from drawing.style import BLUE, MUTED, ORANGE, SMALL, Drawing, plot, sheet

PANEL, GAP = 206, 62  # widths
LEFT, TOP, HEIGHT = 44, 58, 190


def serving_speed() -> Drawing:
    """A panel for each format of weights, a line for each server: medians of the rounds."""
    results = measurements()
    counts = list(results.requests)
    figure = sheet(LEFT + len(FORMATS) * PANEL + GAP + 12, TOP + HEIGHT + 52)
    told = []
    for number, form in enumerate(form.name for form in FORMATS):
        speeds = {
            server: [results.median(form, server, count, "throughput") for count in counts]
            for server in (OURS, THEIRS)
        }
        top = 1.3 * max(map(max, speeds.values()))
        axes = plot(figure, LEFT + number * (PANEL + GAP), TOP, PANEL, HEIGHT)
        axes.set(xlim=(-0.12, len(counts) - 0.75), ylim=(0, top), xticks=range(len(counts)))
        axes.set_xticklabels(map(str, counts))
        axes.set_xlabel("requests at once", color=MUTED, size=SMALL)
        title = f"{form}, tokens per second"
        axes.set_title(title, loc="left", x=-0.16, pad=12, color=MUTED, size=SMALL)
        for server, color, row in ((OURS, BLUE, 0.93), (THEIRS, ORANGE, 0.82)):
            axes.plot(speeds[server], "o-", color=color, lw=2.5, ms=6)
            weight = "bold" if server == OURS else "normal"
            axes.text(0, row * top, server, color=color, size=SMALL, weight=weight)
            told.append(f"{server} {form} {', '.join(f'{speed:.0f}' for speed in speeds[server])}")
    *first, last = map(str, counts)
    return Drawing(
        figure,
        "Tokens per second that two servers of GPT-2 124M write on two cores, all requests "
        f"together, with {', '.join(first)} and {last} of them at once; medians of the rounds: "
        f"{'; '.join(told)}.",
    )
