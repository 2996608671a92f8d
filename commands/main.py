"""The command line: `gpt2 --help`. What costs time to import is imported by the commands."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import gpt2.runtime  # noqa: F401  (before MAX, which the commands import)
from commands.arguments import number, step_number, whole_number
from gpt2 import __version__
from gpt2.checkpoint.locate import DEFAULT_MODEL
from gpt2.errors import UserError

USAGE_ERROR = 2
INTERRUPTED = 130  # what typer returns after Ctrl-C

app = typer.Typer(
    name="gpt2",
    help="GPT-2, written by hand: write it in twelve steps, and run it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


@app.command()
def generate(
    prompt: Annotated[
        str | None, typer.Argument(help="The text to continue; without it, standard input.")
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            help="A shipped checkpoint (shakespeare, i-love-ai), a folder, gpt2 to gpt2-xl, "
            "124M to 1558M, or a Hugging Face repository."
        ),
    ] = DEFAULT_MODEL,
    max_new_tokens: Annotated[
        int, typer.Option(parser=whole_number(1), metavar="N", help="How many tokens to add.")
    ] = 200,
    temperature: Annotated[
        float,
        typer.Option(parser=number, metavar="T", help="Below 1 safer, above 1 wilder, 0 greedy."),
    ] = 0.8,
    greedy: Annotated[bool, typer.Option("--greedy", help="Always the likeliest token.")] = False,
    top_k: Annotated[
        int,
        typer.Option(
            parser=whole_number(0), metavar="K", help="Of the K likeliest tokens only; 0 of all."
        ),
    ] = 0,
    top_p: Annotated[
        float,
        typer.Option(
            parser=number, metavar="P", help="Of the likeliest tokens that together have P."
        ),
    ] = 1.0,
    min_p: Annotated[
        float,
        typer.Option(
            parser=number, metavar="P", help="Of tokens P times as likely as the likeliest."
        ),
    ] = 0.0,
    repetition_penalty: Annotated[
        float,
        typer.Option(parser=number, metavar="R", help="Above 1: less of what was there before."),
    ] = 1.0,
    stop: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="End before this text; may be given again."),
    ] = None,
    samples: Annotated[
        int, typer.Option(parser=whole_number(1), metavar="N", help="How many texts to write.")
    ] = 1,
    seed: Annotated[
        int | None,
        typer.Option(
            parser=whole_number(0), metavar="N", help="The same seed gives the same text."
        ),
    ] = None,
    quantize: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="q4_0 or q6_k: weights of 4.5 or 6.6 bits."),
    ] = None,
    speculate: Annotated[
        str | None,
        typer.Option(
            metavar="WHO", help="Who guesses ahead: lookup (the text), or a smaller model."
        ),
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="ENGINE", help="fast, or tutorial: step 12's loop.")
    ] = "fast",
    device: Annotated[str, typer.Option(help="auto, cpu, gpu or gpu:N.")] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The text alone.")] = False,
    steps: Annotated[bool, typer.Option("--steps", help="Run your own twelve steps.")] = False,
) -> None:
    """Continue a text."""
    from gpt2.text.options import Options

    try:
        options = Options(
            temperature=0.0 if greedy else temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repetition_penalty=repetition_penalty,
            max_new_tokens=max_new_tokens,
            seed=seed,
            stop=stop or (),
        )
    except ValueError as error:
        raise UserError(str(error)) from error

    if engine not in ("fast", "tutorial"):
        raise UserError(f"unknown engine {engine!r}: fast or tutorial")
    if steps or engine == "tutorial":
        from commands.tutorial import generate_text as generate_by_steps

        plain = Options(
            temperature=options.temperature,
            max_new_tokens=max_new_tokens,
            seed=seed,
            stop=options.stop,
        )
        if options != plain or samples > 1 or quantize or speculate:
            raise UserError(
                f"{'--steps' if steps else '--engine tutorial'} knows --temperature, --greedy, "
                "--seed, --stop and --max-new-tokens; the other options are the fast engine's"
            )
        generate_by_steps(prompt, options, model=model, device=device, quiet=quiet, steps=steps)
        return

    from commands.generate import generate_text

    generate_text(
        prompt,
        options,
        model=model,
        samples=samples,
        device=device,
        quantize=quantize,
        speculate=speculate,
        quiet=quiet,
    )


Step = Annotated[int, typer.Argument(parser=step_number, metavar="N", help="The step, 1 to 12.")]


@app.command()
def check(
    step: Annotated[
        int | None,
        typer.Argument(parser=step_number, metavar="[N]", help="The step, 1 to 12; or all."),
    ] = None,
    solution: Annotated[
        bool, typer.Option("--solution", help="The reference instead of your file.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Data for tools.")] = False,
) -> None:
    """Check a step of yours, or all twelve."""
    from commands.check import check_steps

    if not check_steps(step, solution=solution, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def watch() -> None:
    """Check a step on every save, and move on."""
    from commands.watch import watch_steps

    watch_steps()


@app.command()
def hint(step: Step) -> None:
    """Give a hint, one more each time."""
    from commands.hint import show_hints
    from course.state import load_state

    show_hints(load_state(), step)


@app.command()
def reset(
    step: Annotated[
        int | None, typer.Argument(parser=step_number, metavar="[N]", help="The step, 1 to 12.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All twelve.")] = False,
) -> None:
    """Restore a step's stub; your file is kept, dated."""
    from commands.reset import reset_steps

    if everything == (step is not None):
        raise UserError("reset what? A step, 1 to 12, or --all")
    reset_steps(range(1, 13) if everything else [step])


@app.command()
def progress() -> None:
    """Show how far you are."""
    from commands.progress import show_progress

    show_progress()


@app.command()
def warm() -> None:
    """Compile ahead what first runs would wait for."""
    from commands.warm import warm as warm_up

    warm_up()


@app.command()
def doctor() -> None:
    """Say what this machine has, and what to do about what it lacks."""
    from commands.doctor import examine

    examine()


@app.command()
def bench(
    rounds: Annotated[
        int, typer.Option(parser=whole_number(1), metavar="N", help="How many times.")
    ] = 5,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Those with this in their name; may be given again."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there, too.")
    ] = None,
) -> None:
    """Measure this project beside llama.cpp, transformers and others."""
    from commands.bench import bench as measure

    measure(rounds, only or [], output)


def main() -> NoReturn:
    """Runs the program; a user's mistake is one message and exit status 2."""
    from commands.terminal import complain

    # A reader who has seen enough, as in `gpt2 generate | head`, ends the program in silence.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        status = app(sys.argv[1:] or ["--help"], standalone_mode=False) or 0
    except UserError as error:
        complain(str(error))
        status = USAGE_ERROR
    except typer.TyperException as error:
        complain(f"{error.format_message()} (gpt2 --help)")
        status = USAGE_ERROR
    sys.stdout.flush()
    if status == INTERRUPTED:
        os._exit(status)  # now, whatever a compiler in another thread is doing
    sys.exit(status)
