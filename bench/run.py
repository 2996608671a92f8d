"""The benchmark from the drawing of weights to the results: one run, all on the same weights."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import weights
from bench.bandwidth import build_bandwidth_meter
from bench.contestant_process import ContestantProcess, MeasuringFailed
from bench.contestants import ENGINE, ENTRIES, Entry
from bench.measure import Figures, Prompts, each, measure_round, warm_up
from bench.memory import measure_memory
from bench.start import measure_start
from bench.targets import Results
from gpt2.checkpoint.locate import SHIPPED, TOKENIZER_FILE
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config


def choose(only: list[str], note: Callable[[str], None]) -> list[Entry]:
    """Those with one of these parts in their names, or all, and the engine; notes who cannot."""
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


def run(entries: list[Entry], rounds: int, tell: Callable[[str], None]) -> tuple[Results, int]:
    """Measures all, in turns and in rounds; tell is told what happens.

    Returns:
        What was measured, and how many weights are read for a token.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tell("Drawing the weights of GPT-2 124M")
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
                tell(f"{entry.name}: loading, and compiling the first time")
                workers.append(ContestantProcess(entry, folder))
                each(workers[-1:], lambda worker: warm_up(worker, prompts))
            figures = {entry.name: Figures() for entry in entries}
            bandwidths = []
            for number in range(1, rounds + 1):
                bandwidths.append(bandwidth())
                before = f"round {number} of {rounds}: "
                measure_round(workers, prompts, figures, lambda what, b=before: tell(b + what))
        finally:
            for worker in workers:
                worker.close()
        figures = {name: what for name, what in figures.items() if what.decode}
        failures = {worker.entry.name: worker.failure for worker in workers if worker.failure}
        starts, memory = {}, None
        try:
            for model, arguments in (
                ("shakespeare", ["shakespeare"]),
                ("124M", [name]),
                ("124M in q4_0", [name, "--quantize", "q4_0"]),
            ):
                tell(f"start of {model}")
                starts[model] = measure_start(*arguments)
            tell("memory")
            memory = measure_memory(folder)
        except MeasuringFailed as error:
            failures["starts and memory"] = str(error)
    return Results(figures, bandwidths, starts, memory, failures), read_for_a_token
