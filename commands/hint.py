"""`gpt2 hint`: one hint more each time."""

from rich.text import Text

from course.lessons import lesson
from course.show import console, typed
from course.state import State


def show_hints(state: State, number: int) -> None:
    """Prints the hints given so far and one more; the last one stays."""
    hints = lesson(number).hints
    step = state[number]
    if step.hints < len(hints):
        step.hints += 1
        state.save()
    output = console()
    output.print(Text(f"Step {number:02}  {lesson(number).title}", style="bold"))
    for index, hint in enumerate(hints[: step.hints], start=1):
        is_new = index == step.hints
        output.print(Text(f"\nHint {index} of {len(hints)}", style="bold" if is_new else "dim"))
        output.print(Text(hint, style="" if is_new else "dim"))
    if step.hints < len(hints):
        output.print(Text(f"\n{typed(f'gpt2 hint {number}')} again for the next one", style="dim"))
    else:
        output.print(Text(f"\nThese are all. The answer: solutions/solution_{number:02}.py", "dim"))
