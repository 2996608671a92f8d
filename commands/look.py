"""`gpt2 look`: what the reader has so far at work on the shipped model, drawn in the terminal."""

from collections.abc import Collection
from typing import NamedTuple

from rich.text import Text

from commands.drawing.canvas import Canvas
from commands.own_steps import listed
from commands.terminal import run_visibly
from course.own_steps import put_in_place, right_steps
from course.show import console
from gpt2.errors import UserError

NARROWEST, WIDEST = 60, 80  # columns
GPT2 = tuple(range(1, 12))  # the steps that the model is made of
OPERATIONS = "Running the model; the first time, MAX compiles its operations."
GRAPHS = "Compiling both models, minutes in all, and only this once; then both write."


class Picture(NamedTuple):
    """What there is to see at a step."""

    what: str
    steps: tuple[int, ...]  # that it runs
    text: str  # where the reader gives none
    wait: str = OPERATIONS


PICTURES = {
    2: Picture("the mask", (2,), "Shall I compare thee to a summer's day?"),
    5: Picture("the nearest tokens", (1, 5), "king death father good"),
    7: Picture("the heads", GPT2[:10], "O Romeo, Romeo! wherefore art thou Romeo?"),
    10: Picture("the guess after each block", GPT2[:10], "Good night, good"),
    11: Picture("the likeliest next tokens", GPT2, "To be, or not to"),
    14: Picture("the strategies", (*GPT2, 14), "To be, or not to"),
    15: Picture("tokens per second", (*GPT2, 13, 15, 16), "ROMEO:", GRAPHS),
    19: Picture("a batch in time", (19,), "tomorrow and tomorrow and tomorrow creeps in this pace"),
}


def look(number: int, text: str | None) -> None:
    """Draws the picture of a step.

    Args:
        number: the step.
        text: what the picture is of; None for the text that comes with it.

    Raises:
        UserError: the step has no picture, or the text nothing to draw.
    """
    if number not in PICTURES:
        those = ", ".join(f"{step} {picture.what}" for step, picture in PICTURES.items())
        raise UserError(f"step {number} has nothing to look at; these have:\n{those}")
    picture = PICTURES[number]
    right = run_visibly(
        lambda: right_steps(picture.steps), "Reading your steps", "Checking your steps:"
    )
    stand_ins = put_in_place(right)  # in this thread, and before a solution is imported
    from commands.drawing.pictures import DRAWINGS

    output = console()
    output.width = min(max(output.width, NARROWEST), WIDEST)
    canvas = Canvas(output.width, output.options.ascii_only)
    text = picture.text if text is None else text
    drawn = run_visibly(lambda: [*DRAWINGS[number](canvas, text)], "Drawing", picture.wait)
    output.print(Text(whose(picture.steps, stand_ins), style="dim"))
    for part in drawn:
        output.print()
        output.print(part)


def whose(steps: Collection[int], stand_ins: Collection[int]) -> str:
    """Says which of these steps are the reader's, and which the reference's."""
    mine = [step for step in steps if step not in stand_ins]
    others = [step for step in steps if step in stand_ins]
    groups = {"your": mine, "the reference's": others}
    parts = (f"{owner} {listed(numbers)}" for owner, numbers in groups.items() if numbers)
    return f"Runs {' and '.join(parts)}."
