"""Servers are compared under the same load, within a round, and everybody answers all of it."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec

import psutil
import pytest

import bench.serving.run
from bench.contestant_process import MeasuringFailed
from bench.serving.load import Load, Met, parse
from bench.serving.model import draw_prompts
from bench.serving.report import print_report
from bench.serving.servers import OURS, THEIRS
from bench.serving.table import markdown
from bench.serving.targets import Results, Turn, targets
from conftest import ROOT
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.errors import UserError

LOAD = Load(["a b", "c d", "e f", "g h"], prompt_tokens=2, new_tokens=100, at_once=2)
RESULT = {  # as the generator writes it
    "completed": 4,
    "duration": 5.0,
    "total_input_tokens": 8,
    "total_output_tokens": 400,
    "median_ttft_ms": 40.0,
    "p99_ttft_ms": 90.0,
    "median_tpot_ms": 12.0,
}


def test_what_the_generator_wrote_is_read_in_seconds():
    expected = Met(80.0, 0.04, 0.09, 0.012, failed=0, generator=0.5)
    assert parse(RESULT, LOAD, processor_time=2.5) == expected


def test_a_request_that_failed_is_counted():
    three = RESULT | {"completed": 3, "total_input_tokens": 6, "total_output_tokens": 300}
    assert parse(three, LOAD, 1.0).failed == 1


@pytest.mark.parametrize(
    ("different", "message"),
    [
        ({"completed": 0, "total_output_tokens": 0}, "all 4 requests failed"),
        ({"total_output_tokens": 399}, "399 output tokens of 4 requests, not 100 each"),
        ({"total_input_tokens": 12}, "12 input tokens of 4 requests, not 2 each"),
    ],
)
def test_who_does_less_or_more_than_asked_is_not_measured(different, message):
    with pytest.raises(MeasuringFailed, match=message):
        parse(RESULT | different, LOAD, 1.0)


def some_results() -> Results:
    """In which our server writes twice as fast in both rounds, and llama.cpp's ends in a third."""
    met = Met(100.0, 0.3, 0.4, 0.02, failed=0, generator=0.25)
    slower = replace(met, throughput=50.0, first=0.2)
    turns = [
        *(Turn("float32", OURS, n, 1, met) for n in (1, 8)),
        *(Turn("float32", THEIRS, n, 1, slower) for n in (1, 8)),
        Turn("float32", OURS, 8, 2, replace(met, throughput=10.0)),
        Turn("float32", THEIRS, 8, 2, replace(slower, throughput=10.0, first=0.1, failed=2)),
        Turn("float32", OURS, 8, 3, replace(met, throughput=1000.0)),
    ]
    alone = {"float32": {1: 200.0, 2: 1.0}}
    return Results("a generator", 64, 128, {1: 4, 8: 16}, turns, alone, {"b": "ended by SIGILL"})


def test_ratios_are_of_one_round():
    measured = {target.what: target for target in targets(some_results())}
    assert measured["tokens/s, float32, 1 at once"].rounds == (2.0,)
    speed = measured["tokens/s, float32, 8 at once"]
    assert (speed.rounds, speed.measured, speed.reached) == ((2.0, 1.0), 1.5, True)
    first = measured["first token, float32, 8 at once"]
    assert first.rounds == pytest.approx((1.5, 3.0))
    assert not first.reached, "it came later"
    alone = measured["tokens/s, float32, 1 / engine alone"]
    assert (alone.rounds, alone.reached) == ((0.5,), False)
    failed = measured["requests that failed"]
    assert (failed.measured, failed.reached) == (2, False)
    assert not any("q4_0" in what for what in measured), "it was not measured"


def test_the_report_says_what_was_measured(capsys):
    print_report(some_results())
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    words = " ".join(printed.split())
    assert " 8, gpt2 serve float32 100 10, 1000 300 400 20 0 " in words
    assert "a generator made the load, and took 0.25 of a core from the servers" in words
    assert "8 at once 1.00, 2.00 1.50 ≥ 1.2 ok" in words
    assert "b is left out: ended by SIGILL" in words


def test_prompts_have_as_many_tokens_as_they_should():
    tokenizer = Tokenizer(SHIPPED / "shakespeare")
    prompts = draw_prompts(tokenizer, 3, 64, "a")
    assert [len(tokenizer.encode(prompt)) for prompt in prompts] == [64] * 3
    assert prompts == draw_prompts(tokenizer, 3, 64, "a")
    assert len({*prompts, *draw_prompts(tokenizer, 3, 64, "b")}) == 6, "none is read twice"


def test_a_format_that_nobody_has_is_refused():
    with pytest.raises(UserError, match="no format is called 'q5': there are float32, q4_0"):
        bench.serving.run.choose(["q5"], print)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(bench.serving.run, "MODULES", ("sys", "no_such_module"))
    with pytest.raises(UserError, match=r"needs no_such_module: `uv sync --extra serve"):
        bench.serving.run.choose([], print)


def test_the_table_has_every_format_and_number_of_requests():
    assert len(markdown().splitlines()) == 2 + 2 * 3


FRONT = """
import shutil, sys
from commands.streams import end_on_signals
from gpt2.checkpoint.locate import SHIPPED
import bench.serving.run as run
def make_model(folder, kinds):
    shutil.copytree(SHIPPED / "shakespeare", folder, dirs_exist_ok=True)
run.make_model = make_model
run.peer_is_there = lambda: False
run.REQUESTS = {1: 1, 8: 12}
from commands.app import main
end_on_signals()
sys.exit(main(["bench", "--serve", "--only", "float32", *sys.argv[1:]]))
"""
needs_generator = pytest.mark.skipif(
    any(find_spec(name) is None for name in bench.serving.run.MODULES),
    reason="needs `uv sync --extra serve --group load`",
)


def start_front(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FRONT, *arguments],
        env=os.environ,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@needs_generator
def test_our_server_answers_every_request(tmp_path):
    output = tmp_path / "serving.json"
    front = start_front("--rounds", "1", "--json", str(output))
    printed, said = front.communicate(timeout=600)
    assert front.returncode == 0, said
    measured = json.loads(output.read_text())
    assert measured["failures"] == {}, said
    met = {turn["at_once"]: turn["met"] for turn in measured["turns"]}
    assert [met[at_once]["failed"] for at_once in (1, 8)] == [0, 0]
    assert met[8]["throughput"] > met[1]["throughput"] > 0
    assert 0 < met[1]["first"] < 10
    assert "requests that failed" in printed


@pytest.mark.slow
def test_a_text_goes_on_behind_its_end_if_the_load_asks_for_that(server):
    fields = {"max_tokens": 5, "logit_bias": {"0": 100}, "return_token_ids": True}
    [choice] = server.complete(**fields)["choices"]
    assert (choice["token_ids"], choice["finish_reason"]) == ([0], "stop")
    [choice] = server.complete(**fields, ignore_eos=True)["choices"]
    assert (choice["token_ids"], choice["finish_reason"]) == ([0] * 5, "length")


@pytest.mark.slow
@needs_generator
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_server_stays(number):
    front = start_front("--rounds", "1000")
    started: list[psutil.Process] = []
    deadline = time.monotonic() + 120
    while len(started) < 5:  # load, engine, server, and two of the server's
        assert time.monotonic() < deadline
        time.sleep(0.1)
        started = psutil.Process(front.pid).children(recursive=True)
    front.send_signal(number)
    front.communicate(timeout=60)
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive
