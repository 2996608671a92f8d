"""`gpt2 hint`: one hint more each time."""

from rich.text import Text

from course.lessons import lesson
from course.show import console, typed
from course.state import State


def show_hints(state: State, number: int, *, again: bool = False) -> None:
    """Prints the hints given so far and one more.

    Args:
        state: what is remembered; where that is not possible, all hints are given.
        number: the step.
        again: begin again with the first hint.
    """
    hints = lesson(number).hints
    given = 1 if again else min(state[number].hints + 1, len(hints))
    if not state.note(number, hints=given):
        given = len(hints)
    output = console()
    output.print(Text(f"Step {number:02}  {lesson(number).title}", style="bold"))
    for index, hint in enumerate(hints[:given], start=1):
        is_new = index == given
        output.print(Text(f"\nHint {index} of {len(hints)}", style="bold" if is_new else "dim"))
        output.print(Text(hint, style="" if is_new else "dim"))
    command = typed(f"gpt2 hint {number}")
    more = (
        f"{command} again for the next one"
        if given < len(hints)
        else f"These are all; {command} --again begins with the first. "
        f"The answer: solutions/solution_{number:02}.py"
    )
    output.print(Text(f"\n{more}", style="dim"))
