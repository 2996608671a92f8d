"""What is measured: every contestant in turn, and that in several rounds.

A machine is not equally fast from minute to minute, so figures of one round belong together, and
what is compared are ratios within a round.
"""

import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.team import Worker

NEW_TOKENS = 128
NEW_TOKENS_OF_THE_SLOW = 8  # of who computes everything again for each
SHORT, LONG = 16, 512  # tokens of a prompt
POSITIONS = (16, 256, 1000)
BATCH = 8


@dataclass
class Figures:
    """What was measured of one contestant; lists have a number for each round.

    Attributes:
        decode: new tokens per second after a prompt of 16, the prompt included.
        prefill: seconds from a prompt of 512 tokens to the first new one.
        batch: new tokens per second of 8 texts together.
        positions: milliseconds for a token at these positions.
        tokens: what it wrote.
        peak_memory: bytes.
    """

    decode: list[float] = field(default_factory=list)
    prefill: list[float] = field(default_factory=list)
    batch: list[float] = field(default_factory=list)
    positions: dict[int, list[float]] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)
    peak_memory: int = 0


class Prompts:
    """Random prompts, the same for everybody."""

    def __init__(self, vocab_size: int) -> None:
        rng = np.random.default_rng(1)

        def draw(count: int) -> list[int]:
            return rng.integers(vocab_size, size=count).tolist()

        self.short, self.long = draw(SHORT), draw(LONG)
        self.at = {position: draw(position) for position in POSITIONS}
        self.batch = [draw(SHORT) for _ in range(BATCH)]


def warm_up(worker: Worker, prompts: Prompts) -> None:
    """Has a contestant do everything once, unmeasured."""
    worker.perform([prompts.short], 2)
    if not worker.entry.slow:
        worker.perform([prompts.long], 1)
    if worker.entry.batches:
        worker.perform(prompts.batch, 2)


def measure_round(worker: Worker, prompts: Prompts, figures: Figures) -> None:
    """Measures a contestant once."""
    entry = worker.entry
    count = NEW_TOKENS_OF_THE_SLOW if entry.slow else NEW_TOKENS
    answer = worker.perform([prompts.short], count)
    figures.decode.append(count / answer["seconds"][-1])
    (figures.tokens,) = answer["tokens"]
    figures.prefill.append(worker.perform([prompts.long], 1)["seconds"][0])
    if entry.batches:
        seconds = worker.perform(prompts.batch, NEW_TOKENS)["seconds"][-1]
        figures.batch.append(BATCH * NEW_TOKENS / seconds)
    if not entry.slow:
        for position, prompt in prompts.at.items():
            seconds = worker.perform([prompt], 9)["seconds"]
            milliseconds = 1000 * statistics.median(np.diff(seconds))
            figures.positions.setdefault(position, []).append(milliseconds)
    figures.peak_memory = worker.peak_memory


def measure(
    workers: list[Worker],
    prompts: Prompts,
    rounds: int,
    bandwidth: Callable[[], float],
    tell: Callable[[str], None],
) -> tuple[dict[str, Figures], list[float]]:
    """Measures all contestants.

    Args:
        workers: those who take part.
        prompts: what they continue.
        rounds: how many times, in turn.
        bandwidth: measures how many bytes a second the machine reads.
        tell: is told what happens.

    Returns:
        The figures by the contestants' names, and the bandwidth of each round.
    """
    figures = {worker.entry.name: Figures() for worker in workers}
    bandwidths = []
    for number in range(1, rounds + 1):
        bandwidths.append(bandwidth())
        for worker in workers:
            tell(f"round {number} of {rounds}: {worker.entry.name}")
            measure_round(worker, prompts, figures[worker.entry.name])
    return figures, bandwidths


def build_bandwidth_meter(folder: Path) -> Callable[[], float]:
    """Compiles bandwidth.mojo, and returns a function that runs it."""
    from mojo.run import subprocess_run_mojo

    program = folder / "bandwidth"
    source = Path(__file__).with_name("bandwidth.mojo")
    command = ["build", str(source), "-o", str(program)]
    subprocess_run_mojo(command, check=True, capture_output=True)

    def run() -> float:
        return float(subprocess.run([program], check=True, capture_output=True, text=True).stdout)

    return run
