"""A contestant in a process of its own: `python -m bench.contestant_process NAME FOLDER`.

Takes a task a line from standard input, a JSON object, and answers with a line of JSON:

    {"prompts": [[1, 2]], "count": 128}     begins to continue prompts by so many tokens
    {"advance": 16}                         writes the next ones
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bench.contestants import ENTRIES, Contestant


def begin(contestant: Contestant, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
    """Yields the next token of each prompt, and so on, count times; computes when asked."""
    if len(prompts) == 1:
        return ([token] for token in contestant.stream(prompts[0], count))
    return contestant.stream_batch(prompts, count)


def advance(steps: Iterator[list[int]], count: int) -> dict[str, Any]:
    """Takes the next steps.

    Returns:
        tokens: for each prompt, the count new ones; seconds: when each came, from now on;
        peak_memory: the most this process ever had, in bytes.
    """
    began = time.perf_counter()
    tokens, seconds = [], []
    for step in islice(steps, count):
        seconds.append(time.perf_counter() - began)
        tokens.append(step)
    by_prompt = list(zip(*tokens, strict=True))
    return {"tokens": by_prompt, "seconds": seconds, "peak_memory": peak_memory()}


def peak_memory() -> int:
    """In bytes."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    (entry,) = (entry for entry in ENTRIES if entry.name == name)
    contestant = entry.load(folder)
    print(json.dumps({}), file=answers, flush=True)  # ready
    steps: Iterator[list[int]] = iter(())
    for line in sys.stdin:
        task = json.loads(line)
        if "prompts" in task:
            steps = begin(contestant, **task)
            answer = {}
        else:
            answer = advance(steps, task["advance"])
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
