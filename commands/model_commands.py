"""The commands that run a model. What costs time to import is imported by their files."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from commands.options import DeviceName, Greedy, Model, Quantize, Steps, Threads, takes_options
from commands.terminal import console
from gpt2.checkpoint.locate import DEFAULT_MODEL
from gpt2.errors import UserError
from gpt2.text.options import Options
from gpt2.values import Numbers

TUTORIAL_OPTIONS = ("max_new_tokens", "temperature", "seed", "stop")  # what step 12's loop knows

Count = partial(typer.Option, parser=Numbers(int, 1).parse, metavar="N")

commands = typer.Typer()


@commands.command()
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
    threads: Threads = None,
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
        if chosen != plain or samples > 1 or quantize or speculate or threads:
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
        threads=threads,
        quantize=quantize,
        speculate=speculate,
        kernels=not steps,
    )
    if steps and not quiet:
        tell_what_they_bring(model, device, stand_ins)


@commands.command()
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
    threads: Threads = None,
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
        threads=threads,
        quantize=quantize,
    )


@commands.command()
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
    threads: Threads = None,
    max_batch_size: Annotated[
        int, Count(parser=Numbers(int, 1, 512).parse, help="How many texts a step has, at most.")
    ] = 32,  # each brings a token of the 512 that a step of MAX's scheduler has
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
        threads=threads,
        batch=1 if steps else max_batch_size,
        key=api_key,
        log=log,
        steps=steps,
    )


@commands.command()
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
