"""Kernels are compiled ahead: once on a machine, after the first answer, and it can be put off."""

import contextlib
import os
from types import SimpleNamespace

import pytest

from commands.check import check_steps
from course import ahead, compiled, court, files, state
from course.lessons import lesson
from course.report import Report
from course.trials.client import RemoteTrial
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


@pytest.mark.parametrize("all_there", [True, False])
def test_on_a_new_machine_the_readers_process_follows_ours(monkeypatch, all_there):
    """So that no kernel is made by both; where all are there, both begin at once."""
    events = []
    ask_for, outcome = RemoteTrial.ask_for, RemoteTrial.__getitem__

    def watched_ask_for(trial, *keys):
        events.extend(("asked", key) for key in keys)
        ask_for(trial, *keys)

    def watched_outcome(trial, key):
        found = outcome(trial, key)
        if not trial.is_readers:
            events.append(("made", key))
        return found

    monkeypatch.setattr(court, "is_compiled", lambda: all_there)
    monkeypatch.setattr(RemoteTrial, "ask_for", watched_ask_for)
    monkeypatch.setattr(RemoteTrial, "__getitem__", watched_outcome)
    with court.Court() as judges:
        assert judges.check(1, files.solution_path(1)).right
    for key in lesson(1).tried():
        assert (events.index(("asked", key)) < events.index(("made", key))) == all_there
