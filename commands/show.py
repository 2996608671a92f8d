"""`gpt2 show`: the whole model on one page."""

from rich.syntax import Syntax

from course.show import console
from course.whole_model import whole_model


def show_model() -> None:
    """Prints the twelve solutions as one program, in colours on a terminal."""
    text, output = whole_model(), console()
    if output.is_terminal:
        coloured = Syntax("", "python", theme="ansi_dark").highlight(text)
        output.print(coloured, soft_wrap=True, end="")
    else:
        print(text, end="")
