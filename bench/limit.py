"""What memory allows: a token needs one pass over all weights, and a pass takes its time."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.contestants import ENTRIES, LOOKUP, Entry

MEASUREMENTS = Path(__file__).parent / "measurements"
SPEED = "speed.json"


def limits(entry: Entry, bandwidths: Iterable[float], weights: int) -> list[float]:
    """The most tokens per second, in each round.

    Args:
        entry: whose weights have so many bits.
        bandwidths: bytes per second that the machine read in each round.
        weights: how many of them are read for a token.
    """
    return [bandwidth / (weights * entry.bits / 8) for bandwidth in bandwidths]


def shares(entry: Entry, decode: list[float], bandwidths: list[float], weights: int) -> list[float]:
    """Each round's tokens per second, as a share of the limit in the same round.

    None of who guesses ahead: a pass gives it several tokens.
    """
    if entry.name == LOOKUP:
        return []
    pairs = zip(decode, limits(entry, bandwidths, weights), strict=False)  # as far as it came
    return [speed / limit for speed, limit in pairs]


def measurements(file: str = SPEED) -> dict[str, Any]:
    """What `gpt2 bench --json` wrote, as the README and the book have it."""
    return json.loads((MEASUREMENTS / file).read_text(encoding="utf-8"))


def measured_shares() -> dict[str, list[float]]:
    """By the contestants' names, the shares in those measurements."""
    results = measurements()
    measured = [entry for entry in ENTRIES if entry.name in results["figures"]]
    decode = {entry: results["figures"][entry.name]["decode"] for entry in measured}
    return {
        entry.name: found
        for entry in measured
        if (found := shares(entry, decode[entry], results["bandwidths"], results["weights"]))
    }
