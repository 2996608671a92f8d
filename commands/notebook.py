"""In a Jupyter notebook: `%%step 5` writes a cell as that step's file, `%gpt2 check 5` checks it.

The notebook's own Python needs nothing but IPython: the program runs in a process of its own.
"""

import shlex
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from commands.reset import content_of, keep
from course.files import (
    NUMBERS,
    ROOT,
    STEPS,
    Unreadable,
    read_source,
    shown,
    step_path,
    write_atomically,
)
from course.stubs import make_stub
from gpt2.errors import UserError
from gpt2.values import Numbers, checked

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# `course.show.NOTEBOOK` has reports in colour; Jupyter's FORCE_COLOR would have lines move as well,
# as on a terminal, which pile up below a cell. For the same reason nothing here is a terminal.
ENVIRONMENT = "GPT2_NOTEBOOK=1 FORCE_COLOR= COLUMNS=100"
PIPE = "2>&1 | cat"

# What cells have written, or held as it was, since the notebook's Python started: to change a cell
# and run it is like saving in an editor, and leaves no copy.
_in_cells: dict[int, bytes | None] = {}


def start() -> None:
    """Makes `%%step`, `%step` and `%gpt2` known to the notebook whose cell calls this.

    Where its Python is another than the project's, uv makes the project an environment first.
    """
    from IPython import get_ipython

    shell = get_ipython()
    program = _program(shell)

    def step(line: str, cell: str | None = None) -> None:
        """`%%step 5` writes the cell as your step 5; `%step 5` turns its cell into your file."""
        try:
            number = checked("step", line.strip(), Numbers(int, NUMBERS[0], NUMBERS[-1]).parse)
            if cell is None:
                shell.set_next_input(f"%%step {number}\n{load_step(number)}", replace=True)
            else:
                print(write_step(number, cell))
        except UserError as error:
            print(f"gpt2: {error}", file=sys.stderr)

    def gpt2(line: str) -> None:
        """`%gpt2 check 5` is `gpt2 check 5`."""
        shell.system(f"cd {shlex.quote(str(ROOT))} && {ENVIRONMENT} {program} {line} {PIPE}")

    shell.register_magic_function(step, "line_cell")
    shell.register_magic_function(gpt2)
    print(f"Your steps are the files in {STEPS}")


def _program(shell: "InteractiveShell") -> str:
    """What a shell calls the program: this Python's, or else that of the project's environment."""
    python = shlex.quote(sys.executable)
    try:
        distribution("gpt2-by-hand")
        return f"{python} -m commands"
    except PackageNotFoundError:
        print(f"Fetching what the project needs into {ROOT / '.venv'}: minutes, once.", flush=True)
    found = shutil.which("uv")
    if not found:
        shell.system(f"{python} -m pip install --quiet uv")
    uv = shlex.quote(found) if found else f"{python} -m uv"
    run = f"{uv} run --quiet --no-dev gpt2"
    shell.system(f"cd {shlex.quote(str(ROOT))} && {run} --version")
    return run


def write_step(number: int, text: str) -> str:
    """Makes a cell's text the reader's file of a step, unless that would replace work by the stub.

    What the file held is kept under a dated name, except for the stub, and for what a cell held.

    Returns:
        What became of the file, in words.

    Raises:
        UserError: it cannot be written. It is then as it was.
    """
    path, content, stub = step_path(number), text.encode(), make_stub(number).encode()
    there = content_of(path)
    if there == content:
        _in_cells[number] = content
        return f"{shown(path)} holds this already"
    if content == stub and there is not None:
        return (
            f"{shown(path)} holds work of yours, and this cell the stub: nothing was replaced.\n"
            f"To have your work in a cell, type `%step {number}` in it, and run it. "
            f"To begin anew: %gpt2 reset {number}"
        )
    is_in_cell = there is not None and there == _in_cells.get(number)
    kept = None if there == stub or is_in_cell else keep(path)
    write_atomically(path, content)
    _in_cells[number] = content
    return f"{shown(path)} is what this cell holds" + (
        f"; what it held before is now {kept.name}" if kept else ""
    )


def load_step(number: int) -> str:
    """The reader's file of a step, to be a cell.

    Raises:
        UserError: it cannot be read.
    """
    try:
        source = read_source(step_path(number)).rstrip("\n")
    except Unreadable as error:
        raise UserError(f"{error}; `%gpt2 reset {number}` writes the stub again") from error
    _in_cells[number] = content_of(step_path(number))
    return source
