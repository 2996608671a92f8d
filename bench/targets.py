"""What the engine should reach: ratios within a round, and a user's waiting time."""

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bench.contestants import ENGINE, ENGINE_F16, ENGINE_Q4, ENGINE_Q6, ENGINE_Q8, LOOKUP
from bench.measure import Figures
from bench.processor import processor


@dataclass(frozen=True)
class Results:
    """All that was measured.

    Attributes:
        figures: by the contestants' names.
        bandwidths: bytes per second that the machine reads, in each round.
        starts: seconds from the command to the end of the first token, by model.
        memory: what is resident, as a multiple of weights and cache; None if that failed.
        failures: how what could not be measured ended, by its name.
        processor: its name.
    """

    figures: dict[str, Figures]
    bandwidths: list[float]
    starts: dict[str, float]
    memory: float | None
    failures: dict[str, str] = field(default_factory=dict)
    processor: str = field(default_factory=processor)


@dataclass(frozen=True)
class Target:
    """Something that was measured, and how large or small it should be."""

    what: str
    measured: float
    limit: float
    at_most: bool = False
    unit: str = ""

    @property
    def reached(self) -> bool:
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


def targets(results: Results) -> Iterator[Target]:
    """Those of which both sides were measured."""
    figures = results.figures

    def median(what: str, ratios: Iterable[float], limit: float, **kind: bool) -> Iterator[Target]:
        if ratios := list(ratios):
            yield Target(what, statistics.median(ratios), limit, **kind)

    def ratio(ours: str, theirs: str, field: str, limit: float) -> Iterator[Target]:
        """How many times as good as a peer: of times, theirs to ours; of others, ours to theirs."""
        if ours in figures and theirs in figures:
            our_list, their_list = getattr(figures[ours], field), getattr(figures[theirs], field)
            pairs = zip(our_list, their_list, strict=False)  # of the rounds that both reached
            ratios = (b / a if field == "prefill" else a / b for a, b in pairs)
            yield from median(f"{field}: {ours} / {theirs}", ratios, limit)

    yield from ratio(ENGINE, "transformers float32", "decode", 2.2)
    yield from ratio(ENGINE, "CTranslate2 float32", "decode", 1.05)
    yield from ratio(ENGINE, "llama.cpp F32", "decode", 1.1)
    yield from ratio(ENGINE_F16, "llama.cpp F16", "decode", 1.1)
    yield from ratio(ENGINE_Q8, "llama.cpp Q8_0", "decode", 1.15)
    yield from ratio(ENGINE_Q8, "CTranslate2 int8", "decode", 1.15)
    yield from ratio(ENGINE_Q6, "llama.cpp Q6_K", "decode", 1.1)
    yield from ratio(ENGINE_Q4, "llama.cpp Q4_0", "decode", 1.35)
    yield from ratio(ENGINE_Q4, "llama.cpp Q4_0", "sampled", 1.2)
    yield from ratio(ENGINE, "llama.cpp F32", "prefill", 1.1)
    yield from ratio(ENGINE_Q4, "llama.cpp Q4_0", "prefill", 3.0)
    yield from ratio(ENGINE, "llama.cpp F32", "kept", 1.0)
    yield from ratio(ENGINE_Q4, "llama.cpp Q4_0", "kept", 1.0)
    yield from ratio(LOOKUP, ENGINE, "decode", 2.0)
    if ENGINE in figures:
        engine = figures[ENGINE]
        batch = (many / one for many, one in zip(engine.batch, engine.decode, strict=False))
        yield from median("tokens/s of 8 texts / of 1, float32", batch, 4.0)
    for name, most in ((ENGINE, 1.5), (ENGINE_Q4, 1.35)):
        if name in figures:
            places = figures[name].positions
            near, far = (places.get(place, []) for place in (16, 1000))
            growth = (b / a for a, b in zip(near, far, strict=False))
            yield from median(f"time at position 1,000 / at 16: {name}", growth, most, at_most=True)
    if results.memory is not None:
        yield Target("memory / (weights + cache), float32", results.memory, 1.5, at_most=True)
    for model, limit in (("shakespeare", 0.6), ("124M", 1.4), ("124M in q4_0", 1.0)):
        if model in results.starts:
            what = f"start to first token, {model}"
            yield Target(what, results.starts[model], limit, at_most=True, unit=" s")
