"""How long a reader waits: `uv run python bench/check_times.py [--cold]`.

Each step as a process of its own, all in one, and the time from a save to the report in
`gpt2 watch`, for a wrong answer and for the right one. With --cold, also the first time that a
machine sees each step, one after the other, and then `gpt2 generate`: the table in
book/src/setup.md. Quiet machines give steady numbers.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from bench.start import seconds_of
from course.files import NUMBERS, ROOT, read_source, solution_path, step_path
from course.lessons import lesson
from course.misconceptions import vary
from course.stubs import make_stub

PAUSE = 3.0  # seconds between two saves: a reader thinks, and the next process gets ready


def main() -> None:
    if sys.argv[1:] == ["--cold"]:
        print_first_times()
    check = ("-m", "commands", "check")
    alone = {number: fastest(*check, str(number), "--solution") for number in NUMBERS}
    together = fastest(*check, "--solution")
    wrong, right = watch_times()
    print("step   alone   wrong save   right save   (seconds)")
    for number in NUMBERS:
        print(f"{number:4}{alone[number]:8.2f}{wrong[number]:13.2f}{right[number]:13.2f}")
    print(f"all in one process: {together:.1f} s")
    print(f"only importing MAX: {fastest('-c', 'import max.experimental.nn'):.2f} s")


def print_first_times() -> None:
    """The time of each check on a machine that knows only the steps before it, and of a token."""
    token = ("-m", "commands", "generate", "ROMEO:", "--max-new-tokens", "1")
    with tempfile.TemporaryDirectory() as cache, patch.dict(os.environ, MODULAR_CACHE_DIR=cache):
        firsts = []
        for number in NUMBERS:
            firsts.append(seconds_of("-m", "commands", "check", str(number), "--solution"))
            print(f"step {number}, first: {firsts[-1]:.0f} s")
        print(f"all, first: {sum(firsts):.0f} s")
        for engine in ("fast", "tutorial"):
            first, then = (seconds_of(*token, "--engine", engine) for _ in range(2))
            print(f"generate --engine {engine}, first: {first:.0f} s, then: {then:.1f} s")


def fastest(*arguments: str) -> float:
    """Of three runs, as whole processes."""
    return min(seconds_of(*arguments) for _ in range(3))


def watch_times() -> tuple[dict[int, float], dict[int, float]]:
    """Seconds from saving a mistake, and then the solution, to the verdict."""
    wrong, right = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for room in ("commands", "gpt2", "course", "solutions", "checkpoints", "pyproject.toml"):
            (folder / room).symlink_to(ROOT / room)
        steps = folder / "steps"
        steps.mkdir()
        for number in NUMBERS:
            (steps / step_path(number).name).write_text(make_stub(number))
        process = subprocess.Popen(
            [sys.executable, "-m", "commands", "watch"],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": name, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        _wait_for(process, "not yet")
        for number in NUMBERS:
            path = steps / step_path(number).name
            mistake = vary(lesson(number), lesson(number).misconceptions[0])
            wrong[number] = _save(process, path, mistake, "not yet")
            is_last = number == NUMBERS[-1]
            verdict = "All twenty" if is_last else "right "
            right[number] = _save(process, path, read_source(solution_path(number)), verdict)
            if not is_last:
                _wait_for(process, "not yet")  # the next step's stub
        process.wait()
    return wrong, right


def _save(process: subprocess.Popen, path: Path, source: str, verdict: str) -> float:
    time.sleep(PAUSE)
    began = time.perf_counter()
    path.write_text(source.replace("solutions.solution_", "steps.step_"))
    _wait_for(process, verdict)
    return time.perf_counter() - began


def _wait_for(process: subprocess.Popen, words: str) -> None:
    for line in process.stdout:
        if line.startswith(words):
            return


if __name__ == "__main__":
    main()
