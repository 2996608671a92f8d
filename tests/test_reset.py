"""`gpt2 reset` loses nothing: what differs from the stub is kept, whatever goes wrong."""

import errno
import os
from pathlib import Path

import pytest

from commands.reset import reset_steps
from course import files
from course.stubs import is_untouched, make_stub
from gpt2.errors import UserError

STUB = make_stub(7)
RAISE = '        raise NotImplementedError("Step 07, TODO 5 of 5")\n'
WORK = {
    "a function at the end": STUB + "\n\ndef helper():\n    return 7\n",
    "a field above the first TODO": STUB.replace(
        "        # TODO 1", "        a = 1\n        # TODO 1"
    ),
    "code after the raise": STUB.replace(RAISE, RAISE + "        return x\n"),
    "a draft in comments": STUB.replace(RAISE, "        # return x\n" + RAISE),
    "words in a docstring": STUB.replace("with n_head heads.", "with n_head heads!"),
    "a return above a TODO": STUB.replace("        # TODO 5", "        return x\n        # TODO 5"),
    "a space": STUB + " ",
}
BYTES = {
    **{name: source.encode() for name, source in WORK.items()},
    "other line ends": STUB.replace("\n", "\r\n").encode(),
    "a byte order mark": b"\xef\xbb\xbf" + STUB.encode(),
    "not UTF-8": STUB.encode() + b"# \xe9\n",
    "nothing of the stub": b"mine\n",
}


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(files, "STEPS", tmp_path / "steps")
    (tmp_path / "steps").mkdir()
    path = files.step_path(7)
    path.write_text(STUB, encoding="utf-8")
    return path


def kept(path: Path) -> list[bytes]:
    return [other.read_bytes() for other in path.parent.iterdir() if other.name != path.name]


@pytest.mark.parametrize("name", BYTES)
def test_what_differs_by_a_byte_is_kept(name, path, capsys):
    path.write_bytes(BYTES[name])
    reset_steps([7])
    assert path.read_bytes() == STUB.encode()
    assert kept(path) == [BYTES[name]]
    reset_steps([7])
    assert "is the stub already" in capsys.readouterr().out
    assert len(kept(path)) == 1


@pytest.mark.parametrize("name", WORK)
def test_a_file_with_work_in_it_is_not_untouched(name):
    assert is_untouched(STUB)
    assert WORK[name] != STUB
    assert not is_untouched(WORK[name])


def test_resets_within_a_second_do_not_meet(path):
    for text in (b"one\n", b"two\n", b"three\n"):
        path.write_bytes(text)
        reset_steps([7])
    assert sorted(kept(path)) == [b"one\n", b"three\n", b"two\n"]


def test_a_link_stays_a_link(path, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text("mine\n")
    path.unlink()
    path.symlink_to(mine)
    reset_steps([7])
    assert path.readlink() == mine
    assert mine.read_text() == STUB
    assert kept(path) == [b"mine\n"]


def test_a_folder_in_the_way_is_kept(path):
    path.unlink()
    path.mkdir()
    (path / "mine.py").write_text("mine\n")
    reset_steps([7])
    assert path.read_text() == STUB
    assert [other.read_text() for other in path.parent.glob("step_07.*/mine.py")] == ["mine\n"]


def test_a_missing_file_is_made(path):
    path.unlink()
    path.parent.rmdir()
    reset_steps([7])
    assert path.read_text() == STUB
    assert kept(path) == []


@pytest.mark.parametrize("call", ["write_bytes", "replace"])
@pytest.mark.parametrize("works", [0, 1])
def test_a_full_disk_loses_nothing(call, works, path, monkeypatch):
    """The copy fails, or the stub does: the file is as it was, and nothing half-written stays."""
    path.write_bytes(b"mine\n")
    real, calls = getattr(Path, call), []

    def fail_at_last(self, *arguments):
        calls.append(self)
        if len(calls) <= works:
            return real(self, *arguments)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, call, fail_at_last)
    with pytest.raises(UserError, match="No space left on device"):
        reset_steps([7])
    monkeypatch.undo()
    assert path.read_bytes() == b"mine\n"
    assert kept(path) == [b"mine\n"] * works
