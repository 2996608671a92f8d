"""What the README tells a newcomer to type is understood, and its first two commands work."""

import re
import shlex

import pytest
import typer

from commands.app import app
from conftest import ROOT, run_gpt2

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
COMMANDS = [words[3:] for words in LINES if words[:3] == ["uv", "run", "gpt2"]]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_is_understood(words):
    program = typer.main.get_command(app)
    command = program.commands[words[0]]
    command.make_context(words[0], words[1:])


def test_the_first_command_writes_shakespeare():
    assert COMMANDS[0] == ["generate", "ROMEO:"]
    run = run_gpt2(*COMMANDS[0])
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("ROMEO:\n")
    assert "200 tokens in" in run.stderr


def test_the_second_command_says_where_to_begin():
    assert COMMANDS[1] == ["check", "1"]
    run = run_gpt2(*COMMANDS[1])
    assert run.returncode == 1
    assert "Step 01, TODO 1 of 4 is still to be written" in run.stdout
