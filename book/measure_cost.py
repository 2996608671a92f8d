"""Measures what a token costs: `uv run python book/measure_cost.py`.

Step 12's loop sends the whole text through the model for every new token. Its time is measured
on the compiled shakespeare model on the CPU, beside the time for one token alone and that of
all but the model, and written to book/measurements/cost.json, from which a figure is drawn.
A quiet machine gives steady numbers; one busy core of two doubles them.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from max.driver import CPU
from max.experimental.tensor import Tensor

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import load_model
from solutions.solution_12 import generate_next_token

MEASUREMENTS = Path(__file__).parent / "measurements" / "cost.json"
LENGTHS = (16, 32, 48, 64, 96, 128, 160, 192, 224, 256)
REPETITIONS = 101
WARM_UP = 5  # runs that are not counted


def main() -> None:
    folder = SHIPPED / "shakespeare"
    model = load_model(folder, read_config(folder), CPU())

    def next_token(length: int, score: Callable[[Tensor], Tensor]) -> None:
        """What step 12 does for one more token after a text of this length."""
        generate_next_token(score, random_ids(length), rng=np.random.default_rng(0))

    known = model(random_ids(1))  # [1, 1, vocab_size]
    times = milliseconds(
        {
            "around": lambda: next_token(1, lambda ids: known),
            "alone": lambda: next_token(1, model),
            **{length: partial(next_token, length, model) for length in LENGTHS},
        }
    )
    measured = {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "max": version("max"),
        "repetitions": REPETITIONS,
        # Slicing, softmax and choosing, without the model.
        "milliseconds_around_the_model": times.pop("around"),
        "milliseconds_for_one_token_alone": times.pop("alone"),
        "milliseconds_by_length": times,
    }
    MEASUREMENTS.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print(MEASUREMENTS.read_text(encoding="utf-8"))


def random_ids(length: int) -> Tensor:
    """ids int64 `[1, length]`: what they say does not matter for the time."""
    ids = np.random.default_rng(length).integers(0, 1024, size=(1, length))
    return Tensor.from_dlpack(ids)


def milliseconds(works: Mapping[Hashable, Callable[[], None]]) -> dict[Hashable, float]:
    """The median time of each piece of work; they take turns, as a machine has busy moments."""
    times: dict[Hashable, list[float]] = {name: [] for name in works}
    for _ in range(REPETITIONS + WARM_UP):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            times[name].append(1000 * (time.perf_counter() - began))
    return {name: round(statistics.median(each[WARM_UP:]), 2) for name, each in times.items()}


def processor() -> str:
    """The family of the CPU, without its clock."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for entry in listing.read_text(encoding="utf-8").splitlines():
            if entry.startswith("model name"):
                return entry.partition(":")[2].partition("@")[0].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
