"""What the engine should reach, as ratios within a round."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bench.contestants import ENGINE, ENGINE_Q4, LOOKUP
from bench.measure import Figures


@dataclass(frozen=True)
class Target:
    """A ratio of two contestants' figures.

    Attributes:
        what: as the table says it.
        figure: the name of a field of Figures.
        ours, theirs: whose.
        least: what should be reached.
        our_figure: where ours is another field.
    """

    what: str
    figure: str
    ours: str
    theirs: str
    least: float
    our_figure: str = ""


TARGETS = (
    Target("decode, float32 / transformers float32", "decode", ENGINE, "transformers float32", 2.2),
    Target("decode, float32 / CTranslate2 float32", "decode", ENGINE, "CTranslate2 float32", 1.1),
    Target("decode, float32 / llama.cpp F32", "decode", ENGINE, "llama.cpp F32", 1.0),
    Target("decode, q4_0 / llama.cpp Q4_0", "decode", ENGINE_Q4, "llama.cpp Q4_0", 1.1),
    Target("prefill, float32 / llama.cpp F32", "prefill", ENGINE, "llama.cpp F32", 1.1),
    Target("prefill, q4_0 / llama.cpp Q4_0", "prefill", ENGINE_Q4, "llama.cpp Q4_0", 2.0),
    Target("tokens/s, 8 texts / 1", "decode", ENGINE, ENGINE, 4.0, our_figure="batch"),
    Target("decode, guessing by lookup / plain", "decode", LOOKUP, ENGINE, 2.0),
)


def reached(figures: dict[str, Figures]) -> Iterator[tuple[Target, float]]:
    """Each target of which both sides were measured, and the median of its ratio."""
    for target in TARGETS:
        if target.ours in figures and target.theirs in figures:
            ours = getattr(figures[target.ours], target.our_figure or target.figure)
            theirs = getattr(figures[target.theirs], target.figure)
            # Of times, the smaller is the better.
            pairs = [
                (b, a) if target.figure == "prefill" else (a, b)
                for a, b in zip(ours, theirs, strict=True)
            ]
            yield target, statistics.median(a / b for a, b in pairs)
