"""How long a user waits from the command to the first token."""

import statistics
import time

from bench.contestant_process import run_python

TIMES = 3


def measure_start(model: str, *options: str) -> float:
    """Seconds that `gpt2 generate` takes for one token, from start to end: a median, warm."""
    command = ["-m", "commands", "generate", "X", "--model", model, *options]
    command += ["--max-new-tokens", "1", "--quiet"]
    run_python(*command)
    return statistics.median(seconds_of(*command) for _ in range(TIMES))


def seconds_of(*arguments: str) -> float:
    """How long a whole program takes."""
    began = time.perf_counter()
    run_python(*arguments)
    return time.perf_counter() - began
