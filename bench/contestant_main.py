"""A contestant in a process of its own: `python -m bench.contestant_main HANDLE`.

HANDLE is its end of a pipe. It takes an entry and a folder there, then tasks, and answers these:

    (prompts, count, sampled)    begins to continue prompts by so many tokens
    count                        writes the next ones, and answers what `advance` returns
"""

import os
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from bench.contestants import Contestant
from bench.with_parent import end_with_parent


def begin(
    contestant: Contestant, prompts: list[list[int]], count: int, sampled: bool
) -> Iterator[list[int]]:
    """Yields the next token of each prompt, and so on, count times; computes when asked."""
    if sampled:
        return ([token] for token in contestant.sample(prompts[0], count))
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
    by_prompt = [list(text) for text in zip(*tokens, strict=True)]
    return {"tokens": by_prompt, "seconds": seconds, "peak_memory": peak_memory()}


def peak_memory() -> int:
    """In bytes; psutil knows only what is resident now."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    end_with_parent()
    handle = int(sys.argv[1])
    os.set_inheritable(handle, False)  # the pipe closes with this process, whatever it started
    connection = Connection(handle)
    entry, folder = connection.recv()
    try:
        serve(entry.load(folder), connection)
    except Exception as error:
        traceback.print_exc()
        # What follows in some libraries' messages is advice; the last line is to say what failed.
        sys.exit(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")


def serve(contestant: Contestant, connection: Connection) -> None:
    """Does one task after the other, for ever."""
    steps: Iterator[list[int]] = iter(())
    while True:
        task = connection.recv()
        if isinstance(task, int):
            connection.send(advance(steps, task))
        else:
            steps = begin(contestant, *task)
            connection.send(None)


if __name__ == "__main__":
    main()
