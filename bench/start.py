"""How long a user waits from the command to the first token."""

import statistics
import subprocess
import sys
import time

TIMES = 3


def measure_start(model: str) -> float:
    """Seconds that `gpt2 generate` takes for one token, from start to end: a median, warm."""
    command = [sys.executable, "-m", "commands", "generate", "X", "--model", model]
    command += ["--max-new-tokens", "1", "--quiet"]
    subprocess.run(command, check=True, capture_output=True)
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
