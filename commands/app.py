"""The command line: `gpt2 --help`."""

from typing import Annotated

import typer

import gpt2.runtime  # noqa: F401  (before MAX, which the commands import)
from commands import course_commands, model_commands
from commands.terminal import complain
from gpt2 import __version__
from gpt2.errors import UserError

USAGE_ERROR = 2

app = typer.Typer(
    help="GPT-2, written by hand: the model in twelve steps, the engine in eight more.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(model_commands.commands)
app.add_typer(course_commands.commands)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gpt2 {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="And no more.")
    ] = False,
) -> None:
    """The options of the program itself."""


def main(arguments: list[str]) -> int:
    """Runs the program and returns its exit status: 2 for a user's mistake, told in a line or two.

    Typer's own way to run it would answer signals and closed pipes, too, and not as we want.
    """
    try:
        with typer.main.get_command(app).make_context("gpt2", arguments or ["--help"]) as context:
            context.command.invoke(context)
        return 0
    except typer.Exit as end:
        return end.exit_code
    except UserError as error:
        complain(str(error))
    except typer.TyperException as error:
        words = error.format_message().replace("Value error, ", "").rstrip(".")
        command = error.ctx.command_path if error.ctx else "gpt2"
        complain(f"{words} ({command} --help)")
    return USAGE_ERROR
