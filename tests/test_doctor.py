"""`gpt2 doctor` says what is so, and says something whatever is broken."""

import shutil
from importlib import metadata
from types import SimpleNamespace

import pytest

from commands import doctor
from course.lessons import KERNELS
from gpt2.engine import folders
from gpt2.engine.kept import SUFFIX


@pytest.fixture
def table(monkeypatch, capsys):
    """What `gpt2 doctor` says, on one line."""
    monkeypatch.setenv("COLUMNS", "300")

    def text() -> str:
        doctor.examine()
        return " ".join(capsys.readouterr().out.split())

    return text


def test_doctor_survives_everything(table, monkeypatch, tmp_path):
    (tmp_path / "[/file]").parent.mkdir()
    (tmp_path / "[/file]").write_text("")
    monkeypatch.setenv("MODULAR_CACHE_DIR", str(tmp_path / "[/file]"))
    assert "compiled graphs look what is compiled cannot be kept in" in table()
    for subject in doctor.SUBJECTS:
        monkeypatch.setitem(doctor.SUBJECTS, subject, lambda: 1 / 0)
    text = table()
    for subject in doctor.SUBJECTS:
        assert f"{subject} look cannot tell: ZeroDivisionError: division by zero" in text


def test_doctor_counts_what_is_compiled(table, monkeypatch, tmp_path):
    monkeypatch.setenv("MODULAR_CACHE_DIR", str(tmp_path))
    assert "look cold: 0 of MAX, 0 of the engine in" in table()
    by_max = folders.max_cache_dir() / "mof/mef" / metadata.version("max")
    by_max.mkdir(parents=True)
    for number in range(KERNELS):
        (by_max / str(number)).touch()
    assert f"look cold: {KERNELS} of MAX, 0 of the engine in" in table()
    (tmp_path / "gpt2/decoders").mkdir()
    (tmp_path / f"gpt2/decoders/some{SUFFIX}").touch()
    assert f"ok warm: {KERNELS} of MAX, 1 of the engine in" in table()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1.9e9))
    assert "disk look 1.9 GB free" in table()
    (tmp_path / "gpt2").chmod(0o777)
    assert "can be written to by others" in table()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODULAR_CACHE_DIR", "here")
    assert "look 0 of MAX, 0 of the engine in here" in table()
