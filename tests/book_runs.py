"""Runs what the book shows, as a reader would."""

import contextlib
import io
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

from mojo.run import subprocess_run_mojo

from book import ADDRESS, Block, read_blocks
from conftest import ROOT
from course.files import NUMBERS
from course.lessons import lesson
from course.misconceptions import vary
from reader import Reader
from serving_process import Serving

NOT_RUN = {  # commands that are not run here, and why
    "curl -LsSf": "installs a program",
    "uv run gpt2 watch": "stays until it is stopped; tests/test_course.py runs it",
    "uv run gpt2 warm": "compiles for minutes",
    "uv run gpt2 bench": "measures for minutes; tests/test_bench.py runs its parts",
    "CMAKE_ARGS=": "compiles llama.cpp for ten minutes",
    "GPT2_PROCESSOR=": "measures for minutes",
    "uv sync": "installs packages",
    "uv run gpt2 generate --steps": "needs all twelve steps; tests/test_course.py runs it",
    "uv run --extra serve gpt2 serve": "stays until it is stopped; the page's server runs already",
    "uv run gpt2 doctor": "describes the machine; tests/test_cli.py runs it",
}
SERVES = "uv run --extra serve gpt2 serve"  # a page that asks a server shows what this says
NEEDS_NETWORK = re.compile(r"uv run gpt2 generate .*--model gpt2")
TASKS = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))["tasks"]


def run_python(page: Path, server: Serving | None = None) -> Iterator[tuple[Block, str]]:
    """The page's Python blocks, one after the other in one namespace, and what each printed."""
    names: dict[str, object] = {}
    for block in read_blocks(page):
        if block.language == "python" and not block.is_included:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(_addressed(block.text, server), block.place, "exec"), names)
            yield block, printed.getvalue()


def run_mojo(page: Path, folder: Path) -> Iterator[tuple[Block, str]]:
    """The page's blocks of Mojo, each a program of its own, and what each printed."""
    for block in read_blocks(page):
        if block.language == "mojo" and not block.is_included:
            program = folder / "program.mojo"
            program.write_text(block.text, encoding="utf-8")
            run = subprocess_run_mojo(["run", str(program)], capture_output=True, text=True)
            yield block, run.stdout + (run.stderr if run.returncode else "")


def run_commands(
    page: Path, folder: Path, server: Serving | None = None
) -> Iterator[tuple[Block, str]]:
    """The page's commands, run in a copy of the project, and what each printed."""
    reader = Reader(folder)
    for block in read_blocks(page):
        if block.language == "sh":
            if block.state:
                _set_steps(reader, *block.state)
            lines = block.text.replace("\\\n", "").splitlines()
            yield block, "".join(_run(reader, block, line, server) for line in lines)


def _addressed(text: str, server: Serving | None) -> str:
    """With the address that the server has here."""
    return text if server is None else text.replace(ADDRESS, server.address)


def _set_steps(reader: Reader, number: int, state: str) -> None:
    """The steps before this one are solved; this one is as the page says."""
    reader.solve(*range(1, number))
    if state == "stub":
        return
    if state == "solution":
        reader.solve(number)
        if number == NUMBERS[-1]:
            reader.run("check")  # what a report says is next depends on what was right before
        return
    mistakes = [m for m in lesson(number).misconceptions if m.sentence.startswith(state)]
    assert mistakes, f"step {number} has no such misconception: {state}"
    reader.write(number, vary(lesson(number), mistakes[0]))


def _run(reader: Reader, block: Block, line: str, server: Serving | None) -> str:
    command, _, pixi = line.partition("# or: ")
    words = shlex.split(command, comments=True)
    if pixi:
        task, *arguments = shlex.split(pixi.removeprefix("pixi run "))
        assert words[2:] == [*shlex.split(TASKS[task]["cmd"]), *arguments], line
    if server and line == SERVES:
        said = server.told.splitlines(keepends=True)[:2]  # then the log begins
        return "".join(said).replace(server.address, ADDRESS)
    if server and words[0] == "curl":
        asking = ["bash", "-c", _addressed(line, server)]
        return subprocess.run(asking, capture_output=True, text=True, timeout=60).stdout
    if any(line.startswith(start) for start in NOT_RUN) or NEEDS_NETWORK.match(line):
        return ""
    assert words[:3] == ["uv", "run", "gpt2"], f"not run, and not named as an exception: {line}"
    process = reader.start(*words[3:], stderr=subprocess.STDOUT, encoding="utf-8")
    printed = process.communicate(timeout=600)[0]
    # A check that is not right yet ends with 1; a usage error is for the page to show.
    assert process.returncode in (0, 1) or block.prints, f"{block.place}: {printed}"
    return printed
