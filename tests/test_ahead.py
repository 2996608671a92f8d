"""Kernels are compiled ahead: once on a machine, after the first answer, and it can be put off."""

import contextlib
import os
from types import SimpleNamespace

import pytest

from commands.check import check_steps
from course import ahead, compiled, files, state
from course.report import Report
from course.waiting import AHEAD, NEW, KernelWait
from gpt2.engine.folders import cache_folder


class FakeCourt:
    """Answers at once, compiles nothing, and may be interrupted."""

    prepared = ()
    interrupted_at = None

    def __init__(self, on_wait):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def prepare(self, number):
        if number == FakeCourt.interrupted_at:
            raise KeyboardInterrupt
        FakeCourt.prepared += (number,)

    def check(self, number, path, right=()):
        return Report(number, "", str(path), right=True)


def sit_at_terminal(monkeypatch, sits):
    stderr = SimpleNamespace(isatty=lambda: sits)
    monkeypatch.setattr(ahead, "sys", SimpleNamespace(stderr=stderr))


@pytest.fixture
def cold(tmp_path, monkeypatch):
    monkeypatch.setenv("MODULAR_CACHE_DIR", str(tmp_path))
    sit_at_terminal(monkeypatch, True)
    monkeypatch.setattr(ahead, "Court", FakeCourt)
    monkeypatch.setattr("course.verdicts.Court", FakeCourt)
    monkeypatch.setattr(state, "STATE_FILE", tmp_path / "progress")
    monkeypatch.setattr(FakeCourt, "prepared", ())
    monkeypatch.setattr(FakeCourt, "interrupted_at", None)


def test_the_first_check_compiles_what_all_need_and_no_other_does(cold, capsys):
    assert ahead.is_due()
    for _ in range(2):
        assert check_steps(1, solution=False, as_json=False)
        assert "right" in capsys.readouterr().out
        assert FakeCourt.prepared == tuple(sorted(files.TENSORS))
        assert not ahead.is_due()


def test_it_can_be_put_off_and_the_answer_is_there(cold, capsys, monkeypatch):
    monkeypatch.setattr(FakeCourt, "interrupted_at", 3)
    assert check_steps(1, solution=False, as_json=False)
    assert "right" in capsys.readouterr().out
    assert FakeCourt.prepared == (2,)
    assert ahead.is_due()


def test_another_max_compiles_anew(cold, monkeypatch):
    ahead.compile_ahead(lambda ready, busy: None)
    assert not ahead.is_due()
    monkeypatch.setattr(compiled.metadata, "version", lambda name: "27.0.0")
    assert ahead.is_due()


def test_nobody_waits_where_nobody_sees_why(cold, monkeypatch):
    sit_at_terminal(monkeypatch, False)
    assert not ahead.is_due()


def test_the_folder_is_one_that_the_engine_trusts(monkeypatch, tmp_path):
    monkeypatch.setenv("MODULAR_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(ahead, "TENSORS", [])
    monkeypatch.setattr(ahead, "Court", contextlib.nullcontext)
    before = os.umask(0)
    try:
        ahead.compile_ahead(lambda ready, busy: None)
    finally:
        os.umask(before)
    assert cache_folder() == tmp_path / "gpt2"


def test_the_marker_lies_beside_maxs_cache(monkeypatch, tmp_path):
    assert compiled._marker().parent == cache_folder()
    monkeypatch.setenv("MODULAR_CACHE_DIR", str(tmp_path))
    assert compiled._marker().parent == cache_folder() == tmp_path / "gpt2"


def test_once_is_said_once(capsys, monkeypatch):
    monkeypatch.setattr("course.waiting.SHORT_WAIT", -1.0)
    with KernelWait(22) as wait:
        for what in (NEW, AHEAD, AHEAD):
            wait.what = what
            wait(0, busy=True)
            wait(0, busy=True)
            wait.stop()
    assert capsys.readouterr().err.splitlines() == [NEW, AHEAD]
    assert "once" not in NEW
