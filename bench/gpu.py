"""Tries and measures an accelerator: `uv run python bench/gpu.py --device gpu`.

It is compared with the CPU first, then with transformers on torch (`uv sync --group train`), on
GPT-2 124M with random weights. Each result is printed and written as it comes. Exit status 1 says
that something is not as promised, in a line for each. A target of speed that is missed does not
count as that. `--small --device cpu` tries this program where there is no accelerator.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import gpu_trials as trials
from bench.contestant_process import MeasuringFailed
from bench.contestants import Entry
from bench.report import print_targets
from bench.targets import Target
from gpt2.checkpoint.config import read_config
from solutions.solution_01 import GPT2Config

MEASUREMENTS = Path(__file__).parent / "measurements" / "gpu.json"
# Of logits. On NVIDIA's GPUs MAX multiplies TF32, whose mantissa has 10 bits, and no graph can ask
# for more: 0.016 was seen on an H200, and 2e-5 where all is float32.
# Source: https://github.com/modular/modular/tree/main/max/kernels/src/linalg/matmul/gpu (use_tf32)
LARGEST_DIFFERENCE = 0.05


class Record:
    """What came out so far, by what was tried, and what of it is not as promised."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.results: dict[str, Any] = {"max": version("max")}
        self.broken: list[str] = []
        self._write()

    def attempt(
        self, what: str, act: Callable[[], Any], complaint: Callable[[Any], str] = lambda _: ""
    ) -> None:
        """Tries something; complaint tells from its result what is wrong, nothing if all is well.

        What fails is told in a line, and what comes after it is tried all the same.
        """
        print(f"{what} ...", flush=True)
        try:
            result = act()
            wrong = complaint(result)
        except MeasuringFailed as error:
            result = wrong = str(error)
        if wrong:
            self.broken.append(f"{what}: {wrong}")
        self.results[what] = result
        self._write()
        print(f"    {json.dumps(result, ensure_ascii=False)}", flush=True)

    def _write(self) -> None:
        self._file.write_text(json.dumps(self.results, indent=1) + "\n", encoding="utf-8")


def logits_complaint(difference: float) -> str:
    within = difference <= LARGEST_DIFFERENCE  # NaN is not
    return "" if within else f"{difference:.2g} is not within {LARGEST_DIFFERENCE:g}"


def tokens_complaint(same: list[int]) -> str:
    """Of how many tokens from the first are the same, in each text."""
    return "" if min(same) == trials.GREEDY else f"others than on the CPU from {min(same) + 1} on"


def text_complaint(text: str) -> str:
    return "" if text.strip() else "nothing was written"


def try_all(record: Record, device: str, of_torch: str, sizes: GPT2Config) -> None:
    """Tries what is promised, and measures; of_torch is torch's name for the device."""
    with tempfile.TemporaryDirectory() as name:
        shipped, drawn = Path(name, "shakespeare"), Path(name, "random weights")
        shutil.copytree(trials.SHAKESPEARE, shipped)  # contestants write beside their weights
        trials.draw(sizes, drawn)

        record.attempt("device", partial(trials.maker_s_name, of_torch))
        what = "solutions 1 to 11: largest difference of logits"
        record.attempt(what, partial(trials.difference_of_logits, device), logits_complaint)
        loop = Entry("solution 12", ".on_device", "tutorial", (device,))
        engine = Entry("engine", ".on_device", "OnDevice", (device,))
        for entry, texts in ((loop, 1), (engine, 2)):
            what = f"{entry.name}: tokens as on the CPU, of {trials.GREEDY}"
            same = partial(trials.same_tokens, entry, shipped, texts)
            record.attempt(what, same, tokens_complaint)
        for weights in (shipped, drawn):
            what = f"gpt2 generate, {weights.name}"
            record.attempt(what, partial(trials.generate, device, weights), text_complaint)
        if of_torch.startswith("cuda"):
            record.attempt("engine: a step", partial(trials.step, device, drawn))
        for entry in trials.contestants(device, of_torch):
            record.attempt(entry.name, partial(trials.measure, entry, drawn))


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Those of which both sides were measured."""
    for ours, theirs, limit in (
        ("engine float32", "transformers float32", 2.0),
        ("engine float32", "torch.compile float32", 1.0),
        ("engine bfloat16", "torch.compile bfloat16", 1.0),
    ):
        our_speeds, their_speeds = results.get(ours), results.get(theirs)
        if isinstance(our_speeds, dict) and isinstance(their_speeds, dict):
            for batch in trials.BATCHES:
                what = trials.speed_of(batch)
                ratio = our_speeds[what] / their_speeds[what]
                yield Target(f"batch {batch}: {ours} / {theirs}", ratio, limit)


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="gpu", help="as for gpt2 generate")
    parser.add_argument("--small", action="store_true", help="sizes of shakespeare, not of 124M")
    parser.add_argument("--json", type=Path, default=MEASUREMENTS, help="where to write results")
    given = parser.parse_args()
    try:
        of_torch = trials.name_in_torch(given.device)
    except MeasuringFailed as error:
        parser.error(str(error))
    record = Record(given.json)
    sizes = read_config(trials.SHAKESPEARE) if given.small else GPT2Config()
    try_all(record, given.device, of_torch, sizes)
    print_targets("tokens/s", targets(record.results))
    for line in record.broken:
        print(line)
    return 1 if record.broken else 0


if __name__ == "__main__":
    sys.exit(main())
