"""What is measured: all contestants side by side, and that in several rounds.

A machine is not equally fast from minute to minute, nor from second to second. So in a round
each contestant writes some tokens, then the next one does, until all have written theirs; and
what is compared are ratios within a round. Who ends is left out from then on, and keeps what was
measured before.
"""

import statistics
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from bench.contestant_process import ContestantProcess, MeasuringFailed, busy_neighbour

NEW_TOKENS = 128
NEW_TOKENS_OF_THE_SLOW = 8  # of who computes everything again for each
TURNS = 8  # in which they write them
SHORT, LONG = 16, 512  # tokens of a prompt
POSITIONS = (16, 256, 1000)
BATCH = 8


@dataclass
class Figures:
    """What was measured of one contestant; lists have a number for each round that it reached.

    Attributes:
        decode: new tokens per second after a prompt of 16, the prompt included.
        prefill: seconds from a prompt of 512 tokens to the first new one.
        batch: new tokens per second of 8 texts together.
        positions: milliseconds for a token at these positions.
        tokens: what it wrote.
        peak_memory: bytes.
        sampled: as decode, drawing by SAMPLING instead of taking the likeliest.
        beside: as decode, while another process keeps a core busy.
    """

    decode: list[float] = field(default_factory=list)
    prefill: list[float] = field(default_factory=list)
    batch: list[float] = field(default_factory=list)
    positions: dict[int, list[float]] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)
    peak_memory: int = 0
    sampled: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)

    @property
    def kept(self) -> list[float]:
        """Which share of its speed is left beside a busy process."""
        return [busy / idle for busy, idle in zip(self.beside, self.decode, strict=False)]


class Prompts:
    """Random prompts, the same for everybody."""

    def __init__(self, vocab_size: int) -> None:
        rng = np.random.default_rng(1)

        def draw(count: int) -> list[int]:
            return rng.integers(vocab_size, size=count).tolist()

        self.short, self.long = draw(SHORT), draw(LONG)
        self.at = {position: draw(position) for position in POSITIONS}
        self.batch = [draw(SHORT) for _ in range(BATCH)]


def warm_up(worker: ContestantProcess, prompts: Prompts) -> None:
    """Has a contestant do everything once, unmeasured."""
    worker.perform([prompts.short], 2)
    if not worker.entry.slow:
        worker.perform([prompts.long], 1)
    if worker.entry.batches:
        worker.perform(prompts.batch, 2)
    if worker.entry.samples:
        worker.perform([prompts.short], 2, sampled=True)


def each(workers: list[ContestantProcess], act: Callable[[ContestantProcess], None]) -> None:
    """Has all who are left do something; who ends at it is left no more."""
    for worker in workers:
        if worker.failure is None:
            with suppress(MeasuringFailed):
                act(worker)


def in_turns(
    workers: list[ContestantProcess], prompts: list[list[int]], sampled: bool = False
) -> dict[str, tuple[float, list[list[int]]]]:
    """Has all continue the same prompts, some tokens at a time.

    Returns:
        By name, how many seconds each took, and what it wrote behind each prompt.
    """
    counts = {w: NEW_TOKENS_OF_THE_SLOW if w.entry.slow else NEW_TOKENS for w in workers}
    seconds = dict.fromkeys(workers, 0.0)
    tokens: dict[ContestantProcess, list[list[int]]] = {
        worker: [[] for _ in prompts] for worker in workers
    }

    def take_turn(worker: ContestantProcess) -> None:
        answer = worker.advance(counts[worker] // TURNS)
        seconds[worker] += answer["seconds"][-1]
        for text, new in zip(tokens[worker], answer["tokens"], strict=True):
            text.extend(new)

    each(workers, lambda worker: worker.begin(prompts, counts[worker], sampled))
    for _ in range(TURNS):
        each(workers, take_turn)
    return {w.entry.name: (seconds[w], tokens[w]) for w in workers if w.failure is None}


def measure_round(
    workers: list[ContestantProcess],
    prompts: Prompts,
    figures: dict[str, Figures],
    tell: Callable[[str], None],
) -> None:
    """Measures each contestant once."""
    tell("one text")
    for name, (seconds, (tokens,)) in in_turns(workers, [prompts.short]).items():
        figures[name].decode.append(len(tokens) / seconds)
        figures[name].tokens = tokens
    tell("one text, drawn")
    drawing = [worker for worker in workers if worker.entry.samples]
    for name, (seconds, (tokens,)) in in_turns(drawing, [prompts.short], sampled=True).items():
        figures[name].sampled.append(len(tokens) / seconds)
    batching = [worker for worker in workers if worker.entry.batches]
    tell("one text, beside a busy process")
    with busy_neighbour():
        for name, (seconds, (tokens,)) in in_turns(batching, [prompts.short]).items():
            figures[name].beside.append(len(tokens) / seconds)
    tell(f"{BATCH} texts")
    for name, (seconds, _) in in_turns(batching, prompts.batch).items():
        figures[name].batch.append(BATCH * NEW_TOKENS / seconds)

    def take_long_texts(worker: ContestantProcess) -> None:
        tell(f"a long text, {worker.entry.name}")
        measure_long_texts(worker, prompts, figures[worker.entry.name])

    each(workers, take_long_texts)


def measure_long_texts(worker: ContestantProcess, prompts: Prompts, figures: Figures) -> None:
    """Measures how fast a contestant reads a long prompt, and how fast it writes behind it."""
    figures.prefill.append(worker.perform([prompts.long], 1)["seconds"][0])
    if worker.entry.batches:
        for position, prompt in prompts.at.items():
            seconds = worker.perform([prompt], 9)["seconds"]
            milliseconds = 1000 * statistics.median(np.diff(seconds))
            figures.positions.setdefault(position, []).append(milliseconds)
    figures.peak_memory = worker.peak_memory
