"""What installs is what was tested, and a project of one's own can use it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from conftest import NO_HUB, ROOT
from scripts.pin import own_pins

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
UV = PROJECT["tool"]["uv"]


def test_what_is_described_is_what_is_pinned():
    described = {f"{about['name']}=={about['version']}" for about in UV["dependency-metadata"]}
    assert described <= own_pins(PROJECT) | {*UV["constraint-dependencies"]}


def test_every_installed_package_has_the_pinned_version():
    pins = {*own_pins(PROJECT), *(pin.partition(" ;")[0] for pin in UV["constraint-dependencies"])}
    pinned = {pin.partition("==")[0] for pin in pins}
    installed = {
        package.name.lower().replace("_", "-"): package.version.partition("+")[0]
        for package in distributions()
        if package.name != PROJECT["project"]["name"]
    }
    assert len(pinned & set(installed)) > 40
    wrong = {f"{name}=={version}" for name, version in installed.items() if name in pinned} - pins
    assert not wrong


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("uv"), reason="needs uv on the PATH, with what it fetched")
def test_a_project_of_ones_own_uses_the_clone(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```sh\n(uv init .*?)```", readme, re.DOTALL)
    (tmp_path / "gpt2-by-hand").symlink_to(ROOT)
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment |= NO_HUB | {"UV_OFFLINE": "1", "UV_PYTHON": sys.executable}
    run = subprocess.run(
        ["bash", "-ec", commands], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("ROMEO:")
    assert len(run.stdout) > len("ROMEO:") + 20


FAKE = """#!/bin/sh
echo "${0##*/}" "$@" >> "$CALLS"
case "${0##*/} $*" in
  "uv pip compile"*) echo "max==$NEWEST" ;;
  "uv run"*pytest*) echo failures; exit "$STATUS" ;;
  "gh issue list"*) echo "$ISSUE" ;;
esac
"""


def try_newest_max(folder: Path, **answers: str) -> list[str]:
    """What the script asks of uv and gh, which give these answers."""
    for name in ("uv", "gh"):
        (folder / name).write_text(FAKE)
        (folder / name).chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "CALLS": str(folder / "calls"), **answers}
    subprocess.run([ROOT / "scripts" / "try_newest_max"], env=environment, check=True)
    return (folder / "calls").read_text().splitlines()


PINNED = next(pin.partition("==")[2] for pin in own_pins(PROJECT) if pin.startswith("max=="))


@pytest.mark.parametrize(
    ("newest", "status", "issue", "last"),
    [
        (PINNED, "0", "", "uv pip compile"),
        (PINNED, "0", "7", "gh issue close 7 --comment MAX"),
        ("99.1", "0", "", "uv run --no-sync pytest"),
        ("99.1", "0", "7", "gh issue close 7 --comment MAX 99.1 works."),
        ("99.1", "1", "", "gh issue create --title The newest MAX breaks something --body MAX"),
        ("99.1", "1", "7", "gh issue edit 7 --body MAX 99.1 is out"),
    ],
)
def test_a_new_max_has_one_issue_while_it_breaks_something(newest, status, issue, last, tmp_path):
    calls = try_newest_max(tmp_path, NEWEST=newest, STATUS=status, ISSUE=issue)
    assert [call for call in calls if call.startswith(("uv ", "gh "))][-1].startswith(last)
    assert ("uv pip install --quiet --no-config max==99.1" in calls) == (newest == "99.1")
    if status == "1":
        assert f"The last good version is {PINNED}" in calls[-5]
        assert "failures" in calls
