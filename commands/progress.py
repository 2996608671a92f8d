"""`gpt2 progress`: a line for each step, and a bar."""

from rich import box
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from course.files import NUMBERS
from course.lessons import lesson
from course.show import console
from course.state import load_state, standing

STYLES = {"right": "green", "not begun": "dim"}


def show_progress() -> None:
    """Prints how far each step is, as remembered; `gpt2 check` finds out anew."""
    output = console()
    state = load_state()
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False, show_header=False)
    for number in NUMBERS:
        words = standing(state, number)
        mark = "ok" if words == "right" else ">" if number == state.next_step() else ""
        table.add_row(
            f"{number:02}",
            lesson(number).title,
            Text(mark, style=STYLES.get(words, "")),
            Text(words, style=STYLES.get(words, "")),
        )
    output.print(table)
    done = len(state.right_steps())
    output.print()
    if output.is_terminal:
        output.print(ProgressBar(total=len(NUMBERS), completed=done, width=48), "\n")
    output.print(Text(f"{done} of {len(NUMBERS)} right", style="bold"))
