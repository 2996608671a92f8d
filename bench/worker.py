"""A contestant in a process of its own: `python -m bench.worker NAME FOLDER`.

Takes a task a line from standard input, a JSON object, and answers with a line of JSON.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench.contestants import ENTRIES, Contestant


def perform(contestant: Contestant, prompts: list[list[int]], count: int) -> dict[str, Any]:
    """Continues prompts.

    Returns:
        tokens: for each prompt, the count new ones; seconds: when each came, since the start.
    """
    began = time.perf_counter()
    if len(prompts) == 1:
        steps = ([token] for token in contestant.stream(prompts[0], count))
    else:
        steps = contestant.stream_batch(prompts, count)
    tokens, seconds = [], []
    for step in steps:
        seconds.append(time.perf_counter() - began)
        tokens.append(step)
    return {"tokens": list(zip(*tokens, strict=True)), "seconds": seconds}


def peak_memory() -> int:
    """The most memory that this process had, in bytes."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    (entry,) = (entry for entry in ENTRIES if entry.name == name)
    contestant = entry.load(folder)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        answer = perform(contestant, **task) | {"peak_memory": peak_memory()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
