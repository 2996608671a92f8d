"""pixi.toml is a right manifest, and its tasks are commands that work."""

import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from commands.app import app
from conftest import ROOT, SHARED

SCHEMA = SHARED / "pixi-schema" / "schema.json"
MANIFEST = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
COMMANDS = {name: task["cmd"] for name, task in MANIFEST["tasks"].items()}
COURSE = ["check", "watch", "hint", "look", "reset", "progress", "show"]
ARGUMENTS = {
    "hint": ["3"],
    "look": ["7"],
    "reset": ["3"],
    "generate": ["ROMEO:"],
    "batch": ["FILE"],
}  # what a user adds


@pytest.mark.skipif(not SCHEMA.is_file(), reason=f"needs the schema of pixi.toml as {SCHEMA}")
def test_the_manifest_fits_pixis_schema():
    import jsonschema

    jsonschema.validate(MANIFEST, json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.parametrize("task", [name for name in COMMANDS if COMMANDS[name].startswith("gpt2 ")])
def test_the_program_knows_the_command_of_a_task(task):
    words = [*shlex.split(COMMANDS[task]), *ARGUMENTS.get(task, [])]
    program = typer.main.get_command(app)
    context = program.make_context(words[0], words[1:])
    name, command, rest = program.resolve_command(context, words[1:])
    command.make_context(name, rest, parent=context)


def test_each_command_of_the_course_has_a_task():
    assert all(COMMANDS[name] == f"gpt2 {name}" for name in COURSE)
    assert all(COMMANDS[f"s{number:02}"] == f"gpt2 check {number}" for number in range(1, 21))


@pytest.mark.slow
@pytest.mark.parametrize("task", ["lint", "doctor", "test --collect-only -q"])
def test_the_command_of_a_task_runs(task):
    name, _, arguments = task.partition(" ")
    here = Path(sys.executable).parent
    run = subprocess.run(
        f"{COMMANDS[name]} {arguments}",
        shell=True,
        cwd=ROOT,
        env=os.environ | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stdout + run.stderr
