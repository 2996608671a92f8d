"""`gpt2 warm`: everything that is compiled once per machine, ahead of its use."""

import os
import subprocess
import sys

from commands.terminal import note, run_visibly
from course.ahead import compile_ahead
from course.lessons import KERNELS
from course.waiting import AHEAD, KernelWait
from gpt2.errors import UserError


def warm() -> None:
    """Compiles the kernels of all checks, then the graph of `gpt2 generate`.

    Raises:
        UserError: one of them cannot run.
    """
    with KernelWait(KERNELS, f"{AHEAD}.") as wait:
        compile_ahead(wait)
    note("The checks are warm.")
    run_visibly(
        _generate_a_token,
        "Trying gpt2 generate",
        "Compiling the model of gpt2 generate: a minute or two, and only this once.",
    )
    note("gpt2 generate is warm.")


def _generate_a_token() -> None:
    command = [sys.executable, "-m", "commands", "generate", "ROMEO:", "--max-new-tokens", "1"]
    run = subprocess.run(command, env=os.environ | {}, capture_output=True, text=True)
    if run.returncode != 0:
        raise UserError(f"gpt2 generate does not run: {run.stderr.strip()}")
