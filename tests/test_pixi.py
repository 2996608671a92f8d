"""pixi.toml is a right manifest, and its tasks are commands that work."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from conftest import ROOT, SHARED

SCHEMA = SHARED / "pixi-schema" / "schema.json"
MANIFEST = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
ARGUMENTS = {  # what a user would add, and what keeps this short and changes nothing
    "generate": " ROMEO: --max-new-tokens 4",
    "test": " --collect-only -q",
    "check": " --solution",
    "watch": " --help",
    "hint": " --help",
    "reset": " --help",
    "warm": " --help",
    "bench": " --help",
    "book": " --help",
    **{f"s{number:02}": " --solution" for number in range(1, 13)},
}
COURSE = ["check", "watch", "hint", "reset", "progress"]


@pytest.mark.skipif(not SCHEMA.is_file(), reason="pixi's schema is not on this machine")
def test_the_manifest_fits_pixis_schema():
    import jsonschema

    jsonschema.validate(MANIFEST, json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.parametrize("task", MANIFEST["tasks"])
def test_the_command_of_a_task_runs(task):
    command = MANIFEST["tasks"][task]["cmd"] + ARGUMENTS.get(task, "")
    if command.startswith("mdbook") and not shutil.which("mdbook"):
        pytest.skip("no mdBook on the PATH; pixi installs it")
    here = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_each_command_of_the_course_has_a_task():
    commands = {name: task["cmd"] for name, task in MANIFEST["tasks"].items()}
    assert all(commands[name] == f"gpt2 {name}" for name in COURSE)
    assert all(commands[f"s{number:02}"] == f"gpt2 check {number}" for number in range(1, 13))
