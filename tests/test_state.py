"""What is remembered of a reader may be lost or damaged: nothing breaks, and nothing is made up."""

import json
import shutil
from pathlib import Path

import pytest

from commands.app import app
from course import files, state
from course.lessons import lesson
from course.state import HINTS, load_state
from course.stubs import make_stub
from gpt2.errors import UserError

DAMAGED = {
    "deep": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "half": b'{"1": {"right": tr',
    "binary": bytes(range(256)),
    "nothing": b"",
    "a list": b"[1, 2]",
    "a number": b"7",
    "steps that are lists": b'{"1": [], "7": "x", "12": null}',
}
HINT_COUNTS = ["x", 1.5, None, -5, True, 10**400, [], {}, HINTS + 1]


@pytest.fixture
def steps(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "steps"
    monkeypatch.setattr(files, "STEPS", folder)
    monkeypatch.setattr(state, "STATE_FILE", folder / ".progress.json")
    folder.mkdir()
    for number in files.NUMBERS:
        files.step_path(number).write_text(make_stub(number), encoding="utf-8")
    return folder


def gpt2(*arguments: str) -> None:
    app(arguments, standalone_mode=False)


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_as_none(name, steps, capsys):
    state.STATE_FILE.write_bytes(DAMAGED[name])
    gpt2("progress")
    assert "0 of 20 right" in capsys.readouterr().out
    gpt2("hint", "7")
    assert "Hint 1 of 3" in capsys.readouterr().out
    assert load_state()[7].hints == 1


def test_what_is_wrong_in_a_field_spoils_no_other(steps):
    checked = state.fingerprint(1)
    for hints in HINT_COUNTS:
        good = {"fingerprint": checked, "right": True, "hints": 2}
        bad = {"fingerprint": checked, "right": True, "hints": hints, "new": 1}
        state.STATE_FILE.write_text(json.dumps({"1": bad, "2": good, "13": good, "x": 5}))
        remembered = load_state()
        assert (remembered[1].hints, remembered[2].hints) == (0, 2), hints
        assert remembered.right_steps() == {1}


@pytest.mark.parametrize("right", ["yes", 1, [True], "true", None])
def test_right_is_only_what_is_exactly_so(right, steps):
    content = {"1": {"fingerprint": state.fingerprint(1), "right": right}}
    state.STATE_FILE.write_text(json.dumps(content))
    assert load_state().verdict(1) is False
    state.STATE_FILE.write_text(json.dumps({"1": {"fingerprint": [1], "right": True}}))
    assert load_state().verdict(1) is None


def block_state(steps):
    state.STATE_FILE.mkdir()


def block_steps(steps):
    shutil.rmtree(steps)
    steps.write_text("not a folder\n")


@pytest.mark.parametrize("block", [block_state, block_steps])
def test_nothing_can_be_saved(block, steps, capsys):
    """Then all hints come at once, since the next call would begin with the first one."""
    block(steps)
    gpt2("hint", "7")
    assert "Hint 3 of 3" in capsys.readouterr().out
    gpt2("progress")
    assert "0 of 20 right" in capsys.readouterr().out
    remembered = load_state()
    remembered.remember(3, state.fingerprint(3), True)
    remembered.remember(4, state.fingerprint(4), True)
    assert remembered.right_steps() == {3, 4}
    if block is block_steps:
        with pytest.raises(UserError, match="is no folder: move it away"):
            gpt2("reset", "7")


def test_two_programs_remember_side_by_side(steps):
    first, second = load_state(), load_state()
    first.remember(1, state.fingerprint(1), True)
    second.note(1, hints=2)
    second.remember(2, state.fingerprint(2), True)
    first.remember(3, state.fingerprint(3), True)
    assert load_state().right_steps() == {1, 2, 3}
    assert load_state()[1].hints == 2


def test_a_verdict_on_what_was_saved_over_is_not_remembered(steps):
    remembered, checked = load_state(), state.fingerprint(1)
    files.step_path(1).write_text("something else\n")
    remembered.remember(1, checked, True)
    files.step_path(1).write_text(make_stub(1), encoding="utf-8")
    assert remembered.verdict(1) is None


def test_next_is_what_follows_and_then_what_was_left_out(steps):
    remembered = load_state()
    assert remembered.next_step() == 1
    assert remembered.next_step(after=20) == 1
    for number in (1, 2, 4, *range(7, 21)):
        remembered.remember(number, state.fingerprint(number), True)
    assert remembered.next_step() == 3
    assert remembered.next_step(after=3) == 5
    assert remembered.next_step(after=7) == 3
    for number in (3, 5, 6):
        remembered.remember(number, state.fingerprint(number), True)
    assert remembered.next_step(after=6) is None


def test_hints_can_begin_again(steps, capsys):
    def hints_of(*arguments: str) -> int:
        gpt2("hint", "7", *arguments)
        flat = " ".join(capsys.readouterr().out.split())
        return sum(" ".join(hint.split()) in flat for hint in lesson(7).hints)

    assert [hints_of() for _ in range(4)] == [1, 2, 3, 3]
    assert [hints_of("--again"), hints_of()] == [1, 2]
    gpt2("hint", "7")
    assert "gpt2 hint 7 --again" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check 1", "hint 1", "progress", "reset 1", "watch"])
def test_an_installed_package_says_where_the_course_is(command, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ROOT", tmp_path)
    with pytest.raises(UserError, match="works in a clone of its repository"):
        gpt2(*command.split())
    assert list(tmp_path.iterdir()) == []
