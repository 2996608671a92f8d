"""Reports: a title, a line a phase, the finding. In colour on a terminal and in a notebook."""

import json
import os

from rich.console import Console
from rich.text import Text

from course.files import MODEL
from course.lessons import lesson
from course.report import OPEN, Report
from gpt2.escapes import escaped

WIDTH = 100  # columns, where the terminal has more
NOTEBOOK = "GPT2_NOTEBOOK"  # a variable of the environment in which a notebook runs us
LONGEST_PRINT = 12  # lines of what the code printed

MARKS = {True: ("ok", "green"), False: ("no", "red")}


def console() -> Console:
    """Standard output, no wider than is easy to read."""
    colours = NOTEBOOK in os.environ or None  # None: where it is a terminal
    output = Console(highlight=False, markup=False, force_terminal=colours)
    output.width = min(output.width, WIDTH) if output.is_terminal else WIDTH
    return output


def show_json(found: Report | list[Report], output: Console) -> None:
    """Reports as data for tools."""
    data = [report.as_dict() for report in found] if isinstance(found, list) else found.as_dict()
    print(json.dumps(data, indent=1), file=output.file)


def show_report(report: Report, following: int | None, output: Console) -> None:
    """One step, in at most a screenful; and which one follows if it is right, if any."""
    heading = Text(f"Step {report.step:02}  {report.title}", style="bold")
    output.print(heading.append(f"  {report.file}", style="dim not bold"))
    for phase in report.phases:
        mark, style = MARKS[phase.right]
        line = Text("  ").append(mark, style=f"bold {style}")
        line.append(f"  {phase.name:<18}" if phase.detail else f"  {phase.name}")
        output.print(line.append(phase.detail, style="dim" if phase.right else ""))
    if report.finding:
        output.print()
        for index, line in enumerate(report.finding):
            is_code = line.startswith("    ")
            style = "bold" if index == 0 else "dim" if is_code else ""
            shown = Text(escaped(line, output.file), style=style)
            output.print(shown, no_wrap=is_code, soft_wrap=is_code)
    if len(report.pieces) > 1 and set(report.pieces.values()) != {OPEN}:
        output.print()
        pieces = (f"{name} {standing}" for name, standing in report.pieces.items())
        output.print(Text(f"Piece by piece: {', '.join(pieces)}."))
    if report.printed:
        output.print()
        _show_printed(escaped(report.printed, output.file), output)
    for note in [*report.notes, *_stand_in_note(report)]:
        output.print()
        output.print(Text(escaped(note, output.file)))
    output.print()
    output.print(_closing(report, following))


def show_row(report: Report, output: Console) -> None:
    """One step of many, in a line."""
    mark, style = MARKS[report.right]
    line = Text(f"{report.step:02}  {report.title:<22}").append(mark, style=style)
    if not report.right:
        finding = escaped(report.finding[0], output.file)
        line.append(f"  {report.phases[-1].name}: {finding}", style="dim")
    output.print(line, no_wrap=True, overflow="ellipsis")


def show_sum(reports: list[Report], output: Console) -> None:
    """How many are right."""
    count = sum(report.right for report in reports)
    output.print(Text(f"\n{count} of {len(reports)} right", style="bold"))


def typed(command: str) -> str:
    """A command of this program as the reader types it: in a notebook, or through uv or pixi."""
    if NOTEBOOK in os.environ:
        return f"%{command}"
    if "PIXI_PROJECT_ROOT" in os.environ:
        return f"pixi run {command}"
    return f"uv run {command}" if "UV" in os.environ else command


def what_next(following: int | None) -> str:
    """What to do now: the step that follows, or to use the model."""
    run = typed('gpt2 generate --steps "ROMEO:"')
    if following is None:
        return f"model and engine are yours: {run}"
    check = typed(f"gpt2 check {following}")
    step = f"step {following:02}, {lesson(following).title} ({check})"
    if following == MODEL.stop:
        return f"the model is yours: {run}; who goes on writes the engine, from {step}"
    return f"next: {step}"


def _closing(report: Report, following: int | None) -> Text:
    seconds = f"{report.seconds:.1f} s"
    if report.right:
        return Text("right", style="bold green").append(
            f"  {seconds}; {what_next(following)}", style="not bold default"
        )
    return Text("not yet", style="bold red").append(
        f"  {seconds}; {typed(f'gpt2 hint {report.step}')} helps", style="not bold default"
    )


def _stand_in_note(report: Report) -> list[str]:
    if not report.stand_ins:
        return []
    numbers = ", ".join(str(number) for number in report.stand_ins)
    steps, are = ("step", "is") if len(report.stand_ins) == 1 else ("steps", "are")
    return [f"The reference stands in for {steps} {numbers}, which {are} not right yet."]


def _show_printed(printed: str, output: Console) -> None:
    lines = printed.rstrip("\n").split("\n")
    output.print(Text("The code printed:"))
    for line in lines[:LONGEST_PRINT]:
        output.print(Text(f"    {line}", style="dim"), no_wrap=True, soft_wrap=True)
    if len(lines) > LONGEST_PRINT:
        output.print(Text(f"    ... and {len(lines) - LONGEST_PRINT} more lines", style="dim"))
