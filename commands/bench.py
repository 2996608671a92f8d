"""`gpt2 bench`: this project beside its peers, in one run, on the same random weights."""

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench import weights
from bench.bandwidth import build_bandwidth_meter
from bench.contestants import ENGINE, ENTRIES, Entry
from bench.measure import Prompts, measure, warm_up
from bench.memory import measure_memory
from bench.processes import ContestantProcess
from bench.report import print_report
from bench.start import measure_start
from bench.targets import Results, targets
from commands.terminal import console, note
from gpt2.checkpoint.locate import SHIPPED, TOKENIZER_FILE
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config


def run(rounds: int, only: list[str], output: Path | None) -> None:
    """Measures, prints tables, and writes JSON.

    Args:
        rounds: how many times to measure each contestant.
        only: parts of the names of those who take part beside the engine; all if empty.
        output: the JSON file, if wanted.

    Raises:
        UserError: nobody has such a name.
    """
    entries = choose(only)
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        folder = Path(folder)
        status.update("Drawing the weights of GPT-2 124M")
        drawn = weights.random_weights(GPT2Config())
        weights.save(drawn, folder)
        shutil.copy(SHIPPED / "shakespeare" / TOKENIZER_FILE, folder)
        read_for_a_token = sum(array.size for array in drawn.arrays.values())
        del drawn
        bandwidth = build_bandwidth_meter(folder)
        prompts = Prompts(GPT2Config.vocab_size)
        workers = []
        try:
            for entry in entries:
                status.update(f"{entry.name}: loading, and compiling the first time")
                workers.append(ContestantProcess(entry, folder))
                warm_up(workers[-1], prompts)
            figures, bandwidths = measure(workers, prompts, rounds, bandwidth, status.update)
        finally:
            for worker in workers:
                worker.close()
        status.update("starts")
        models = {"shakespeare": "shakespeare", "124M": str(folder)}
        starts = {name: measure_start(model) for name, model in models.items()}
        status.update("memory")
        results = Results(figures, bandwidths, starts, measure_memory(folder))

    print_report(results, read_for_a_token)
    if output is not None:
        content = {
            "versions": {entry.name: entry.versions for entry in entries},
            "weights": read_for_a_token,
            **asdict(results),
            "targets": [asdict(target) for target in targets(results)],
        }
        output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        note(f"written to {output}")


def choose(only: list[str]) -> list[Entry]:
    """Those who take part; tells of those who cannot."""
    for part in only:
        if not any(part in entry.name for entry in ENTRIES):
            names = "; ".join(entry.name for entry in ENTRIES)
            raise UserError(f"nobody is called {part!r}: there are {names}")
    chosen = [
        entry
        for entry in ENTRIES
        if not only or entry.name == ENGINE or any(part in entry.name for part in only)
    ]
    for entry in chosen:
        if entry.missing:
            note(f"{entry.name} is left out: {', '.join(entry.missing)} is not installed")
    present = [entry for entry in chosen if not entry.missing]
    if len(present) < len(chosen):
        note("All peers: uv sync --group peers (compiles llama.cpp, for ten minutes or more)")
    return present
