"""The house stays small: each room has a budget of lines, and no file is longer than 300."""

import subprocess

import pytest

from conftest import ROOT

BUDGETS = {  # lines of Python and Mojo
    "solutions": 1350,
    "gpt2": 4900,
    "course/lessons": 5250,
    "course": 3100,  # without the lessons
    "bench": 3110,
    "serving": 2300,
    "commands": 2570,
    "tests": 10800,
}
LONGEST = 300


def lines_of(room: str) -> dict[str, int]:
    """The lines of each file in a room, as far as git knows it."""
    names = subprocess.run(
        ["git", "ls-files", f"{room}/*.py", f"{room}/*.mojo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    if room == "course":
        names = [name for name in names if not name.startswith("course/lessons/")]
    files = [ROOT / name for name in names if (ROOT / name).is_file()]
    return {str(path.relative_to(ROOT)): path.read_bytes().count(b"\n") for path in files}


@pytest.mark.parametrize("room", BUDGETS)
def test_a_room_keeps_to_its_budget(room):
    lines = lines_of(room)
    if not lines:
        pytest.skip("counts what git knows, and this is no clone")
    total = sum(lines.values())
    assert total <= BUDGETS[room], f"{room}/ has {total} lines: what can go?"
    assert not {name: count for name, count in lines.items() if count > LONGEST}
