"""`gpt2 warm`: everything that is compiled once per machine, ahead of its use."""

from course.files import NUMBERS
from course.lessons import KERNELS
from course.waiting import KernelWait
from course.workers import Worker
from gpt2.terminal import note, run_visibly


def warm() -> None:
    """Compiles the kernels of all checks, then the graph of `gpt2 generate`."""
    with KernelWait(KERNELS) as wait, Worker(wait) as worker:
        for number in NUMBERS:
            worker.prepare(number)
    note("The checks are warm.")
    run_visibly(
        _compile_model,
        "Loading the model of gpt2 generate",
        "Compiling the model of gpt2 generate: a minute or two, and only this once.",
    )
    note("gpt2 generate is warm.")


def _compile_model() -> None:
    from gpt2.config import read_config
    from gpt2.locate import DEFAULT_MODEL, locate
    from gpt2.model import choose_device, load_model

    folder = locate(DEFAULT_MODEL)
    load_model(folder, read_config(folder), choose_device("auto"))
