"""pixi.toml is a right manifest, and its tasks are commands that work."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from conftest import ROOT, SHARED

SCHEMA = SHARED / "pixi-schema" / "schema.json"
MANIFEST = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
ARGUMENTS = {  # what a user would add, and what keeps this short
    "generate": " ROMEO: --max-new-tokens 4",
    "test": " --collect-only -q",
}


@pytest.mark.skipif(not SCHEMA.is_file(), reason="pixi's schema is not on this machine")
def test_the_manifest_fits_pixis_schema():
    import jsonschema

    jsonschema.validate(MANIFEST, json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.parametrize("task", MANIFEST["tasks"])
def test_the_command_of_a_task_runs(task):
    command = MANIFEST["tasks"][task]["cmd"] + ARGUMENTS.get(task, "")
    here = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )
    assert run.returncode == 0, run.stdout + run.stderr
