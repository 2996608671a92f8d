"""The tables of `gpt2 bench --serve`, each for a terminal of 80 columns."""

from statistics import median

from bench.report import make_console, make_table
from bench.serving.servers import FORMATS, OURS, THEIRS
from bench.serving.targets import Results, targets


def print_report(results: Results) -> None:
    """Prints what was measured."""
    console = make_console()
    columns = ("tokens\nper s", "from,\nto", "first\nms", "99 %\nms", "next\nms", "failed")
    speed = make_table("requests at once", *columns)
    for form in (form.name for form in FORMATS):
        for at_once in results.requests:
            for server in (OURS, THEIRS):
                key = (form, server, at_once)
                speeds = results.by_round(*key, "throughput").values()
                if speeds:
                    waits = ("first", "first_99", "following")
                    speed.add_row(
                        f"{at_once:2}, {server} {form}",
                        f"{median(speeds):.0f}",
                        f"{min(speeds):.0f}, {max(speeds):.0f}",
                        *(f"{1000 * results.median(*key, what):.0f}" for what in waits),
                        f"{sum(results.by_round(*key, 'failed').values())}",
                    )
    console.print(speed)
    if shares := [turn.met.generator for turn in results.turns]:
        console.print(
            f"Prompts of {results.prompt_tokens} tokens, {results.new_tokens} new ones. "
            f"{results.generator} made the load,\nand took {median(shares):.2f} of a core "
            f"from the servers, at most {max(shares):.2f}.\n"
        )

    head = f"{OURS} / {THEIRS}, within a round"
    reached = make_table(head, "from,\nto", "median", "target", "")
    for target in targets(results):
        sign = "≤" if target.at_most else "≥"
        reached.add_row(
            target.what,
            f"{min(target.rounds):.2f}, {max(target.rounds):.2f}" if target.rounds else "",
            f"{target.measured:.2f}",
            f"{sign} {target.limit:.1f}",
            "ok" if target.reached else "no",
        )
    console.print(reached)
    for name, how in results.failures.items():
        console.print(f"{name} is left out: {how}", markup=False)
