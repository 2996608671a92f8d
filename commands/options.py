"""The options of generation on the command line: made from the fields of `Options`."""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from typing import Annotated, Literal

import typer

from gpt2.text.options import Options
from gpt2.values import Numbers, path

DEFAULTS = Options(temperature=0.8)

Model = Annotated[
    str,
    typer.Option(
        parser=path,
        metavar="MODEL",
        help="A shipped checkpoint (shakespeare, i-love-ai), a folder, gpt2 to gpt2-xl, "
        "124M to 1558M, or a Hugging Face repository.",
    ),
]
Quantize = Annotated[
    Literal["f16", "q8_0", "q6_k", "q4_0"] | None,
    typer.Option(help="Weights of 16, 8.5, 6.6 or 4.5 bits."),
]
Threads = Annotated[
    int | None,
    typer.Option(
        parser=Numbers(int, 1).parse,
        metavar="N",
        help="How many threads compute; by default as many as this process may use.",
    ),
]
DeviceName = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, gpu or gpu:N.")]
Greedy = Annotated[bool, typer.Option("--greedy", help="Always the likeliest token.")]
Steps = Annotated[bool, typer.Option("--steps", help="Run your own steps.")]


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the fields of Options in the place of its **keywords."""
    *own, _ = inspect.signature(command).parameters.values()
    offered = [_parameter(option) for option in fields(Options) if option.metadata["metavar"]]
    required = [parameter for parameter in own if parameter.default is parameter.empty]
    rest = [parameter for parameter in own if parameter not in required]
    command.__signature__ = inspect.Signature(required + offered + rest)
    return command


def _parameter(option: Field) -> inspect.Parameter:
    """A field of Options as typer reads it from a signature."""
    check, words = option.metadata["check"], option.metadata["help"]
    kind, parser = (check.kind, check.parse) if isinstance(check, Numbers) else (list[str], None)
    told = typer.Option(parser=parser, metavar=option.metadata["metavar"], help=words)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=getattr(DEFAULTS, option.name),
        annotation=Annotated[kind, told],
    )
