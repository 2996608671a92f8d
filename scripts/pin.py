"""Pins what our own pins need: `uv run python scripts/pin.py`; with --check, only compares.

pyproject.toml's constraint-dependencies become the newest versions that fit, with a marker where
Pythons or platforms differ; pixi.toml gets the moment at which they were the newest.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PYPROJECT, PIXI = ROOT / "pyproject.toml", ROOT / "pixi.toml"
PINS = re.compile(r"(?<=^constraint-dependencies = \[\n).*?(?=^\])", re.DOTALL | re.MULTILINE)
MOMENT = re.compile(r'(?<=^exclude-newer = ").*(?="$)', re.MULTILINE)


def main() -> None:
    text = PYPROJECT.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--check"]:
        pinned = tomllib.loads(text)["tool"]["uv"]["constraint-dependencies"]
        if differing := set(pinned) ^ set(resolve(text)):
            sys.exit(f"uv run python scripts/pin.py would change {', '.join(sorted(differing))}")
        return
    lines = "".join(f'    "{pin}",\n' for pin in resolve(PINS.sub("", text)))
    PYPROJECT.write_text(PINS.sub(lines, text), encoding="utf-8")
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    PIXI.write_text(MOMENT.sub(moment, PIXI.read_text(encoding="utf-8")), encoding="utf-8")


def resolve(text: str) -> list[str]:
    """The requirements that pin all but what this pyproject.toml pins itself."""
    project = tomllib.loads(text)
    own = own_pins(project)
    described = {about["name"] for about in project["tool"]["uv"]["dependency-metadata"]}
    packages = [package for package in lock(text)["package"] if "registry" in package["source"]]
    count = Counter(package["name"] for package in packages)
    pins = []
    for package in packages:
        name = package["name"]
        if not package.get("wheels") and name not in described:
            sys.exit(f"{name} ships as sources: say what it needs in tool.uv.dependency-metadata")
        pin = f"{name}=={package['version']}"
        if pin not in own:
            differs = count[name] > 1
            pins.append(f"{pin} ; {' or '.join(package['resolution-markers'])}" if differs else pin)
    return pins


def lock(text: str) -> dict[str, Any]:
    """What uv makes of a pyproject.toml: every package, for every Python and platform."""
    # Wheels on this machine's disk may be of builds that others do not have.
    environment = {name: value for name, value in os.environ.items() if name != "UV_FIND_LINKS"}
    with tempfile.TemporaryDirectory() as folder:
        text = text.replace('dynamic = ["version"]', 'version = "0"')  # so that nothing is built
        (Path(folder) / "pyproject.toml").write_text(text, encoding="utf-8")
        command = [os.environ.get("UV", "uv"), "lock", "--quiet"]
        if subprocess.run(command, cwd=folder, env=environment).returncode:
            sys.exit(1)
        return tomllib.loads((Path(folder) / "uv.lock").read_text(encoding="utf-8"))


def own_pins(project: dict[str, Any]) -> set[str]:
    """Those of the runtime, of the extra and of the groups."""
    tables = (project["project"]["optional-dependencies"], project["dependency-groups"])
    lists = [project["project"]["dependencies"], *(pins for t in tables for pins in t.values())]
    return {re.sub(r"\[.*\]", "", pin).replace("_", "-") for pins in lists for pin in pins}


if __name__ == "__main__":
    main()
