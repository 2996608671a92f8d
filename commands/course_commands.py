"""The commands of the course. What costs time to import is imported by their files."""

from typing import Annotated

import typer

from course.files import NUMBERS
from gpt2.errors import UserError
from gpt2.values import Numbers

Step = Annotated[
    int, typer.Argument(parser=Numbers(int, 1, 20).parse, metavar="N", help="The step, 1 to 20.")
]

commands = typer.Typer()


@commands.command()
def check(
    step: Step = None,
    solution: Annotated[
        bool, typer.Option("--solution", help="The reference instead of your file.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Data for tools.")] = False,
) -> None:
    """Check a step of yours, or all of them."""
    from commands.check import check_steps

    if not check_steps(step, solution=solution, as_json=as_json):
        raise typer.Exit(1)


@commands.command()
def watch(
    step: Step = None,
) -> None:
    """Check a step on every save, and move on."""
    from commands.watch import watch_steps

    watch_steps(step)


@commands.command()
def hint(
    step: Step,
    again: Annotated[bool, typer.Option("--again", help="Begin with the first one again.")] = False,
) -> None:
    """Give a hint, one more each time."""
    from commands.hint import show_hints
    from course.state import load_state

    show_hints(load_state(), step, again=again)


@commands.command()
def reset(
    step: Step = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Restore a step's stub; your file is kept, dated."""
    from commands.reset import reset_steps

    if everything == (step is not None):
        raise UserError("reset what? A step, 1 to 20, or --all")
    reset_steps(NUMBERS if everything else [step])


@commands.command()
def progress() -> None:
    """Show how far you are."""
    from commands.progress import show_progress

    show_progress()


@commands.command()
def look(
    step: Step,
    text: Annotated[str | None, typer.Argument(help="A text of yours, to look at it with.")] = None,
) -> None:
    """See what you have so far at work: steps 2, 5, 7, 10, 11, 14, 15, 19."""
    from commands.look import look as look_at

    look_at(step, text)


@commands.command()
def show() -> None:
    """Print the whole model: the twelve solutions as one program."""
    from commands.show import show_model

    show_model()


@commands.command()
def warm() -> None:
    """Compile ahead what first runs would wait for."""
    from commands.warm import warm as warm_up

    warm_up()


@commands.command()
def doctor() -> None:
    """Say what this machine has, and what to do about what it lacks."""
    from commands.doctor import examine

    examine()
