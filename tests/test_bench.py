"""The benchmark compares what it says it compares, and nobody runs beside who is measured."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import psutil
import pytest

import bench.run
import commands.bench
from bench.contestant_process import ContestantProcess, busy_neighbour, run_python
from bench.contestants import ENGINE, ENGINE_Q4, ENTRIES, LOOKUP, SAMPLING, Entry
from bench.contestants.numpy_loop import NumPyLoop
from bench.limit import SPEED, shares
from bench.measure import NEW_TOKENS, TURNS, Figures, in_turns
from bench.processor import processor
from bench.reading import measure
from bench.report import print_report
from bench.table import markdown
from bench.targets import Results, targets
from bench.weights import random_weights, read, save
from conftest import ROOT
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config
from solutions.solution_14 import NEVER, top_p

PROMPT = [5, 300, 7, 7, 41, 900]
SHORT = 12
TINY = random_weights(GPT2Config(vocab_size=40, n_positions=8, n_embd=16, n_head=2))


@pytest.fixture(scope="module")
def weights_folder(tmp_path_factory) -> Path:
    """Random weights of the shipped model's shape, for which the engine has a graph already."""
    folder = tmp_path_factory.mktemp("weights")
    save(random_weights(read_config(SHIPPED / "shakespeare")), folder)
    return folder


def installed(exact: bool) -> list[Entry]:
    return [entry for entry in ENTRIES if entry.exact == exact and not entry.missing]


@pytest.mark.slow
def test_all_who_compute_in_float32_write_the_same(weights_folder):
    written = {}
    for entry in installed(exact=True):
        worker = ContestantProcess(entry, weights_folder)
        (written[entry.name],) = worker.perform([PROMPT], SHORT)["tokens"]
        if entry.batches:
            other = [*PROMPT[1:], 17]
            batch = worker.perform([PROMPT, other, PROMPT], SHORT)["tokens"]
            assert batch[0] == batch[2] == written[entry.name], entry.name
            assert batch[1] != batch[0], entry.name
        worker.close()
    assert len(written) >= 3
    assert set(map(tuple, written.values())) == {tuple(written[ENGINE])}, written


@pytest.mark.slow
@pytest.mark.parametrize("name", [ENGINE, "llama.cpp F32"])
def test_who_draws_draws_from_the_nucleus(name, weights_folder):
    """Each token is one that step 14 keeps by NumPy's logits, and not always the likeliest."""
    (entry,) = (entry for entry in ENTRIES if entry.name == name)
    if entry.missing:
        pytest.skip(f"{entry.missing} is not installed")
    assert entry.samples
    worker = ContestantProcess(entry, weights_folder)
    (drawn,) = worker.perform([PROMPT], SHORT, sampled=True)["tokens"]
    (greedy,) = worker.perform([PROMPT], SHORT)["tokens"]
    worker.close()
    assert len(drawn) == SHORT
    assert drawn != greedy
    model = NumPyLoop(weights_folder)
    for place, token in enumerate(drawn):
        logits = model._logits([*PROMPT, *drawn[:place]]) / SAMPLING["temperature"]
        # one token more, where rounding could have kept it
        assert top_p(logits, SAMPLING["top_p"] + 1e-3)[token] > NEVER


@pytest.mark.slow
def test_a_contestant_goes_on_where_it_stopped(weights_folder):
    (numpy_loop,) = (entry for entry in ENTRIES if entry.start == "NumPyLoop")
    worker = ContestantProcess(numpy_loop, weights_folder)
    (whole,) = worker.perform([PROMPT], SHORT)["tokens"]
    worker.begin([PROMPT], SHORT)
    pieces = [worker.advance(count)["tokens"][0] for count in (1, 4, SHORT - 5)]
    assert [token for piece in pieces for token in piece] == whole
    worker.close()


def test_who_has_nothing_to_do_is_stopped(weights_folder):
    (numpy_loop,) = (entry for entry in ENTRIES if entry.start == "NumPyLoop")
    worker = ContestantProcess(numpy_loop, weights_folder)
    worker.perform([PROMPT], 1)
    process = psutil.Process(worker._process.pid)
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED)  # the signal takes its time
    worker.close()


def test_a_neighbour_is_busy_as_long_as_it_is_wanted():
    this = psutil.Process()
    with busy_neighbour():
        (neighbour,) = this.children()
        wait_until(lambda: neighbour.cpu_times().user > 0.1)
    assert not neighbour.is_running()


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def failing(when: str, how: str) -> Entry:
    return Entry(f"{how}, {when}", "failing_contestant", "Failing", (when, how))


@pytest.mark.slow
def test_who_fails_is_named_and_the_others_go_on(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))
    monkeypatch.setattr("bench.contestant_process.PATIENCE", 12)
    monkeypatch.setattr(bench.run.weights, "random_weights", lambda config: TINY)
    monkeypatch.setattr(bench.run, "build_bandwidth_meter", lambda folder: lambda: 1e9)
    monkeypatch.setattr(bench.run, "measure_start", lambda model: run_python("-c", "exit(5)"))
    ends = [
        ("loading", "SIGILL", "ended by SIGILL"),
        ("loading", "hangs", "did not answer for 0.2 minutes"),
        ("warming up", "3", "ended with 3"),
        ("round 1", "SIGKILL", "ended by SIGKILL"),
        ("round 2", "SIGSEGV", "ended by SIGSEGV"),
    ]
    entries = [failing(when, how) for when, how, _ in ends]
    entries.insert(1, healthy := failing("never", ""))
    results, _ = bench.run.run(entries, 3, tell=lambda what: None)
    expected = {f"{how}, {when}": f"{end}: the last line, says why" for when, how, end in ends}
    assert results.failures == expected | {"starts and memory": "ended with 5"}
    rounds = {name: len(figures.decode) for name, figures in results.figures.items()}
    assert rounds == {healthy.name: 3, "SIGKILL, round 1": 1, "SIGSEGV, round 2": 2}
    assert len(results.figures[healthy.name].prefill) == 3


FRONT = """
import bench.run, commands.bench, commands.streams, test_bench
bench.run.weights.random_weights = lambda config: test_bench.TINY
bench.run.build_bandwidth_meter = lambda folder: lambda: 1e9
entries = [test_bench.failing("never", name) for name in "abc"]
commands.bench.choose = lambda only, note: entries
commands.streams.end_on_signals()  # as the program does for every command
commands.bench.bench(10**6, [], None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nobody_stays_in_memory(number, tmp_path):
    paths = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    environment = os.environ | {"PYTHONPATH": paths, "TMPDIR": str(tmp_path)}
    front = subprocess.Popen([sys.executable, "-c", FRONT], env=environment, stderr=subprocess.PIPE)

    def stopped() -> list[psutil.Process]:
        children = psutil.Process(front.pid).children()
        return [child for child in children if child.status() == psutil.STATUS_STOPPED]

    wait_until(lambda: len(stopped()) >= 2)
    contestants = psutil.Process(front.pid).children()
    front.send_signal(number)
    front.communicate(timeout=60)
    _, alive = psutil.wait_procs(contestants, timeout=10)
    assert not alive
    assert number == signal.SIGKILL or not any(tmp_path.iterdir())


class Recorder:
    """Stands for a worker, and notes when it is asked for how many tokens."""

    def __init__(self, entry: Entry, calls: list[tuple[str, int]]) -> None:
        self.entry, self.failure, self._calls = entry, None, calls

    def begin(self, prompts: list[list[int]], count: int, sampled: bool) -> None:
        self._calls.append((self.entry.name, 0))

    def advance(self, count: int) -> dict:
        self._calls.append((self.entry.name, count))
        return {"tokens": [[1] * count], "seconds": [0.5] * (count - 1) + [2.0]}


def test_everybody_takes_turns():
    calls: list[tuple[str, int]] = []
    workers = [Recorder(entry, calls) for entry in (ENTRIES[0], ENTRIES[-1])]
    outcome = in_turns(workers, [PROMPT])
    fast, slow = (worker.entry.name for worker in workers)
    turn = [(fast, NEW_TOKENS // TURNS), (slow, 1)]
    assert calls == [(fast, 0), (slow, 0), *turn * TURNS]
    assert outcome[fast] == (2.0 * TURNS, [[1] * NEW_TOKENS])


def some_results() -> Results:
    """In which the engine decodes and reads prompts twice as fast as llama.cpp."""
    engine = Figures([40.0, 60.0], [0.4, 0.6], [300.0, 330.0], {16: [10.0, 20.0]}, [1, 2, 3], 10**9)
    engine.positions |= {256: [11.0, 21.0], 1000: [12.0, 36.0]}
    peer = replace(engine, decode=[20.0, 30.0], prefill=[0.8, 1.2], beside=[5.0, 6.0])
    engine.beside = [20.0, 30.0]
    starts = {"shakespeare": 0.5, "124M": 5.0}
    return Results({ENGINE: engine, "llama.cpp F32": peer}, [50e9, 40e9], starts, 1.4)


def test_ratios_are_of_one_round_and_more_is_better():
    results = some_results()
    results.figures[ENGINE_Q4] = Figures(sampled=[30.0, 60.0])
    results.figures["llama.cpp Q4_0"] = Figures(sampled=[10.0, 20.0])
    measured = {target.what: target for target in targets(results)}
    assert measured[f"decode: {ENGINE} / llama.cpp F32"].measured == 2.0
    assert measured[f"prefill: {ENGINE} / llama.cpp F32"].measured == 2.0
    assert measured[f"sampled: {ENGINE_Q4} / llama.cpp Q4_0"].measured == 3.0
    assert measured[f"kept: {ENGINE} / llama.cpp F32"].measured == (2.0 + 2.5) / 2
    assert measured["tokens/s of 8 texts / of 1, float32"].measured == (7.5 + 5.5) / 2
    growth = measured[f"time at position 1,000 / at 16: {ENGINE}"]
    assert growth.measured == (1.2 + 1.8) / 2
    assert growth.reached
    assert f"decode: {ENGINE_Q4} / llama.cpp Q4_0" not in measured, "it was not measured"
    assert measured["start to first token, shakespeare"].reached
    assert not measured["start to first token, 124M"].reached


def test_the_report_names_who_computes_something_else(capsys):
    results = some_results()
    results.figures[ENGINE_Q4] = replace(results.figures[ENGINE], tokens=[1, 5, 6])  # no float32
    print_report(results, weight_numbers=124_000_000)
    assert "something else" not in capsys.readouterr().out
    results.figures["llama.cpp F32"].tokens = [1, 2, 4]
    print_report(results, weight_numbers=124_000_000)
    printed = capsys.readouterr().out
    assert "llama.cpp F32 computes something else from token 3 on" in printed
    assert f"On {processor()}:" in printed and "…" not in printed, "wider than 80 columns"
    # 40 of 50e9 / (124e6 * 4) tokens/s, and 60 of 80.6: the median of 40 % and 74 %
    assert "57%" in printed and "40, 74%" in printed


def test_who_guesses_ahead_has_no_share_of_a_limit_that_is_not_its_own():
    entry = {entry.name: entry for entry in ENTRIES}
    assert shares(entry[ENGINE_Q4], [100.0], [45e9, 1.0], 10**9) == [100 * 0.5625 / 45]
    assert shares(entry[LOOKUP], [100.0], [45e9], 10**9) == []


def test_the_report_of_who_ended_early(capsys):
    results = some_results()
    results.figures["llama.cpp F32"] = Figures(decode=[20.0], tokens=[1, 2, 3])
    results.failures["llama.cpp F32"] = "ended by SIGILL: [load]"
    (ratio,) = (t.measured for t in targets(results) if "llama" in t.what)
    assert ratio == 2.0
    print_report(results, weight_numbers=124_000_000)
    assert "llama.cpp F32 is left out: ended by SIGILL: [load]" in capsys.readouterr().out
    del results.figures[ENGINE]
    print_report(replace(results, starts={}, memory=None), weight_numbers=124_000_000)
    assert "something else" not in capsys.readouterr().out


@pytest.mark.slow
def test_rows_and_panels_are_read_in_turns():
    measured = measure()
    assert set(map(len, measured.values())) == {len(measured["rows"])}
    assert min(map(min, measured.values())) > 0


@pytest.mark.parametrize(
    ("only", "file", "message"),
    [
        (["gguf"], "", r"nobody is called 'gguf': there are .*llama\.cpp F32"),
        ([], ".", r"cannot write '.*': Is a directory"),
        ([], "no/such/folder.json", r"cannot write '.*folder\.json': No such file or directory"),
    ],
)
def test_a_mistake_is_told_before_anything_is_measured(only, file, message, tmp_path, monkeypatch):
    monkeypatch.setattr(commands.bench, "run", None)
    with pytest.raises(UserError, match=message):
        commands.bench.bench(1, only, tmp_path / file if file else None)


def test_the_weights_are_read_as_they_were_written(tmp_path):
    weights = TINY
    save(weights, tmp_path)
    again = read(tmp_path)
    for field in fields(GPT2Config):
        assert getattr(again.config, field.name) == getattr(weights.config, field.name)
    assert all((again.arrays[name] == array).all() for name, array in weights.arrays.items())


def test_tables_are_what_was_measured():
    for page, file in (("README.md", SPEED), ("book/src/speed.md", "avx2.json")):
        assert markdown(file) in (ROOT / page).read_text(encoding="utf-8")
