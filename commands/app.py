"""The command line: `gpt2 --help`. What costs time to import is imported by the commands."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

import gpt2.runtime  # noqa: F401  (before MAX, which the commands import)
from commands.options import DeviceName, Greedy, Model, Quantize, Steps, takes_options
from commands.terminal import complain, console
from course.files import NUMBERS
from gpt2 import __version__
from gpt2.checkpoint.locate import DEFAULT_MODEL
from gpt2.errors import UserError
from gpt2.text.options import Options
from gpt2.values import Numbers

USAGE_ERROR = 2
TUTORIAL_OPTIONS = ("max_new_tokens", "temperature", "seed", "stop")  # what step 12's loop knows

Count = partial(typer.Option, parser=Numbers(int, 1).parse, metavar="N")
Step = Annotated[
    int, typer.Argument(parser=Numbers(int, 1, 20).parse, metavar="N", help="The step, 1 to 20.")
]

app = typer.Typer(
    help="GPT-2, written by hand: the model in twelve steps, the engine in eight more.",
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
@takes_options
def generate(
    prompt: Annotated[
        str | None, typer.Argument(help="The text to continue; without it, what is piped in.")
    ] = None,
    model: Model = DEFAULT_MODEL,
    greedy: Greedy = False,
    samples: Annotated[int, Count(help="How many texts to write.")] = 1,
    quantize: Quantize = None,
    speculate: Annotated[
        str | None,
        typer.Option(
            metavar="WHO", help="Who guesses ahead: lookup (the text), or a smaller model."
        ),
    ] = None,
    engine: Annotated[
        Literal["fast", "tutorial"], typer.Option(help="tutorial is step 12's loop.")
    ] = "fast",
    device: DeviceName = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The text alone.")] = False,
    steps: Steps = False,
    **values: Any,  # noqa: ANN401
) -> None:
    """Continue a text."""
    console.quiet = quiet
    if greedy:
        values["temperature"] = 0.0
    chosen = Options(**values)
    if engine == "tutorial":
        plain = Options(**{name: values[name] for name in TUTORIAL_OPTIONS})
        if chosen != plain or samples > 1 or quantize or speculate:
            raise UserError(
                "--engine tutorial knows --temperature, --greedy, --seed, --stop and "
                "--max-new-tokens; the other options are the fast engine's"
            )
    stand_ins = []
    if steps:  # before anything imports a solution
        from commands.own_steps import tell_what_they_bring, use_own_steps

        stand_ins = use_own_steps()
    if engine == "tutorial":
        from commands.tutorial import generate_text as generate_by_loop

        generate_by_loop(prompt, chosen, model=model, device=device)
        return

    from commands.generate import generate_text

    generate_text(
        prompt,
        chosen,
        samples=samples,
        model=model,
        device=device,
        quantize=quantize,
        speculate=speculate,
        kernels=not steps,
    )
    if steps and not quiet:
        tell_what_they_bring(model, device, stand_ins)


@app.command()
@takes_options
def batch(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help='JSON Lines: {"prompt": ...} and options, a line.'),
    ],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where answers go; what is there is not asked again."),
    ] = None,
    ordered: Annotated[
        bool, typer.Option("--ordered", help="In the order of the lines, not as they finish.")
    ] = False,
    model: Model = DEFAULT_MODEL,
    greedy: Greedy = False,
    quantize: Quantize = None,
    device: DeviceName = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The answers alone.")] = False,
    steps: Steps = False,
    **values: Any,  # noqa: ANN401
) -> None:
    """Continue many texts together: a file of prompts."""
    console.quiet = quiet
    if greedy:
        values["temperature"] = 0.0
    if steps:  # before anything imports a solution
        from commands.own_steps import use_own_steps

        use_own_steps()

    from commands.batch import answer_file

    answer_file(
        file,
        values,
        output=output,
        ordered=ordered,
        model=model,
        device=device,
        quantize=quantize,
    )


@app.command()
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


@app.command()
def watch(
    step: Step = None,
) -> None:
    """Check a step on every save, and move on."""
    from commands.watch import watch_steps

    watch_steps(step)


@app.command()
def hint(
    step: Step,
    again: Annotated[bool, typer.Option("--again", help="Begin with the first one again.")] = False,
) -> None:
    """Give a hint, one more each time."""
    from commands.hint import show_hints
    from course.state import load_state

    show_hints(load_state(), step, again=again)


@app.command()
def reset(
    step: Step = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Restore a step's stub; your file is kept, dated."""
    from commands.reset import reset_steps

    if everything == (step is not None):
        raise UserError("reset what? A step, 1 to 20, or --all")
    reset_steps(NUMBERS if everything else [step])


@app.command()
def progress() -> None:
    """Show how far you are."""
    from commands.progress import show_progress

    show_progress()


@app.command()
def look(
    step: Step,
    text: Annotated[str | None, typer.Argument(help="A text of yours, to look at it with.")] = None,
) -> None:
    """See what you have so far at work: steps 2, 5, 7, 10, 11, 14, 15, 19."""
    from commands.look import look as look_at

    look_at(step, text)


@app.command()
def show() -> None:
    """Print the whole model: the twelve solutions as one program."""
    from commands.show import show_model

    show_model()


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
def serve(
    model: Model = DEFAULT_MODEL,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 for everybody.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(parser=Numbers(int, 0, 65535).parse, metavar="N", help="0 for any.")
    ] = 8000,
    quantize: Quantize = None,
    device: DeviceName = "auto",
    max_batch_size: Annotated[int, Count(help="How many texts a step has, at most.")] = 32,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="GPT2_API_KEY", metavar="KEY", help="What clients have to send."),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="A line for each request.")] = False,
    steps: Steps = False,
) -> None:
    """Serve a model: OpenAI's protocol, and a page to play with."""
    if steps and quantize:
        raise UserError("--steps runs the model as you wrote it: leave out --quantize")

    from commands.serve import serve as serve_model

    serve_model(
        model=model,
        host=host,
        port=port,
        quantize=quantize,
        device=device,
        batch=1 if steps else max_batch_size,
        key=api_key,
        log=log,
        steps=steps,
    )


@app.command()
def bench(
    rounds: Annotated[int, Count(help="How many times.")] = 5,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Those with this in their name; may be given again."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there, too.")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="`gpt2 serve` beside llama.cpp's own server.")
    ] = False,
) -> None:
    """Measure this project beside llama.cpp, transformers and others."""
    from commands import bench as benchmarks

    measure = benchmarks.bench_servers if serve else benchmarks.bench
    measure(rounds, only or [], output)


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
