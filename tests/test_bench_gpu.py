"""What an accelerator does not do as promised is told in a line, and in the exit status."""

import json
import math
import shutil
import sys
from pathlib import Path

import pytest

from bench import gpu, gpu_trials
from bench.contestants import Entry

SPEEDS = {gpu_trials.speed_of(batch): 10.0 for batch in gpu_trials.BATCHES}
STEP = {"started": 2.0, "replayed": 1.0}
BROKEN = Entry("broken", "missing", "Missing")


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Runs the program with trials that end as they are told; its status, its lines, its JSON."""
    measure = gpu_trials.measure  # as it is
    well = {
        "name_in_torch": lambda device: "cuda:0",
        "maker_s_name": lambda of_torch: "a device",
        "difference_of_logits": lambda device: 1e-5,
        "same_tokens": lambda entry, weights, texts: [gpu_trials.GREEDY] * texts,
        "generate": lambda device, weights: "a text",
        "step": lambda device, weights: STEP,
        "measure": lambda e, weights: measure(e, weights) if e is BROKEN else SPEEDS,
        "draw": lambda sizes, folder: folder.mkdir(),
    }

    def run(**otherwise) -> tuple[int, list[str], dict]:
        file = tmp_path / "gpu.json"
        for name, act in (well | otherwise).items():
            monkeypatch.setattr(gpu_trials, name, act)
        monkeypatch.setattr(sys, "argv", ["gpu.py", "--device", "cpu", "--json", str(file)])
        status = gpu.main()
        return status, capsys.readouterr().out.splitlines(), json.loads(file.read_text())

    return run


def test_all_is_well_though_a_target_of_speed_is_missed(run):
    status, printed, results = run()
    assert status == 0
    assert sum(line.split()[-1:] == ["no"] for line in printed) == len(gpu_trials.BATCHES)
    assert sum(line.split()[-1:] == ["ok"] for line in printed) == 2 * len(gpu_trials.BATCHES)
    assert results["device"] == "a device"
    assert results["engine: a step"] == STEP
    assert results["torch.compile float32"] == SPEEDS


@pytest.mark.parametrize(
    ("trial", "result", "line"),
    [
        ("difference_of_logits", 0.06, "largest difference of logits: 0.06 is not within 0.05"),
        ("difference_of_logits", math.nan, "largest difference of logits: nan is not within 0.05"),
        ("same_tokens", [32, 7], "of 32: others than on the CPU from 8 on"),
        ("generate", "\n", "gpt2 generate, shakespeare: nothing was written"),
    ],
)
def test_what_is_not_as_promised_is_told(trial, result, line, run):
    status, printed, _ = run(**{trial: lambda *_: result})
    assert status == 1
    assert any(told.endswith(line) for told in printed)


def test_who_fails_is_told_and_the_others_go_on(run):
    def draw(sizes, folder: Path) -> None:
        shutil.copytree(gpu_trials.SHAKESPEARE, folder)

    entries = [Entry("first", "", ""), BROKEN, Entry("last", "", "")]
    status, printed, results = run(contestants=lambda *_: entries, draw=draw)
    why = "ended with 1: ModuleNotFoundError: No module named 'missing'"
    assert (status, printed[-1]) == (1, f"broken: {why}")
    assert [results[entry.name] for entry in entries] == [SPEEDS, why, SPEEDS]
