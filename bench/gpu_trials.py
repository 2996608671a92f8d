"""What bench/gpu.py tries, each in processes that end with it.

MAX takes most of the memory of an accelerator, and keeps it until the process ends that did; so
the program itself never opens one.
"""

import json
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.contestant_process import ContestantProcess, MeasuringFailed, run_python
from bench.contestants import ENGINE, ENTRIES, TORCH, Entry
from bench.processor import processor
from bench.report import agreement
from bench.weights import random_weights, save
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED, TOKENIZER_FILE
from solutions.solution_01 import GPT2Config

SHAKESPEARE = SHIPPED / "shakespeare"
BATCHES = (1, 8, 64)
PROMPT, LONG, NEW, GREEDY = 16, 512, 64, 32  # tokens
TIMES = 3
START = "ROMEO:"
FIND = "import sys, gpt2.devices as d; it = d.choose_device(sys.argv[1]); print(it.api, it.id)"
NAME = "import sys, torch; print(torch.cuda.get_device_name(sys.argv[1]))"


def name_in_torch(device: str) -> str:
    """What torch calls the device that `gpt2 generate` calls so; fails if there is none."""
    api, index = run_python("-c", FIND, device).split()[-2:]
    return {"cpu": "cpu", "metal": "mps"}.get(api, f"cuda:{index}")


def maker_s_name(of_torch: str) -> str:
    """What the device is sold as; of_torch is torch's name for the device."""
    if of_torch.startswith("cuda"):
        return run_python("-c", NAME, of_torch).strip()
    return processor()  # which on an Apple chip is the GPU's as well


def difference_of_logits(device: str) -> float:
    """The largest between the twelve solutions there and the engine on the CPU."""
    return float(run_python("-m", "bench.logits", device))


def same_tokens(entry: Entry, weights: Path, texts: int) -> list[int]:
    """How many of GREEDY tokens a contestant writes as the engine does on the CPU, per text."""
    rng = np.random.default_rng(0)
    prompts = rng.integers(read_config(weights).vocab_size, size=(texts, PROMPT)).tolist()
    on_cpu = next(entry for entry in ENTRIES if entry.name == ENGINE)
    written = []
    for who in (entry, on_cpu):
        with alone(who, weights) as worker:
            written.append(worker.perform(prompts, GREEDY)["tokens"])
    return [agreement(*both) for both in zip(*written, strict=True)]


def generate(device: str, weights: Path) -> str:
    """What `gpt2 generate` writes behind a prompt."""
    options = ("--device", device, "--max-new-tokens", str(GREEDY), "--temperature", "0")
    text = run_python("-m", "commands", "generate", START, "--model", str(weights), *options)
    return text.removeprefix(START)


def step(device: str, weights: Path) -> dict[str, float]:
    """Milliseconds of a step of the engine, as bench/replay.py measures it."""
    return json.loads(run_python("-m", "bench.replay", device, str(weights)))


def measure(entry: Entry, weights: Path) -> dict[str, float]:
    """New tokens per second of texts together, and seconds for a prompt: medians, warm."""
    config, rng, measured = read_config(weights), np.random.default_rng(1), {}

    def median(act: Callable[[], float]) -> float:
        act()
        return statistics.median(act() for _ in range(TIMES))

    def seconds(prompts: list[list[int]], count: int) -> list[float]:
        return worker.perform(prompts, count)["seconds"]

    def decode(prompts: list[list[int]]) -> float:
        times = seconds(prompts, 1 + NEW)
        return len(prompts) * NEW / (times[-1] - times[0])

    with alone(entry, weights) as worker:
        for batch in BATCHES:
            prompts = rng.integers(config.vocab_size, size=(batch, PROMPT)).tolist()
            measured[speed_of(batch)] = median(lambda p=prompts: decode(p))
        length = min(LONG, config.n_positions)
        long = rng.integers(config.vocab_size, size=(1, length)).tolist()
        measured[f"seconds for a prompt of {length}"] = median(lambda: seconds(long, 1)[0])
    return {what: float(f"{number:.4g}") for what, number in measured.items()}


def speed_of(batch: int) -> str:
    return f"tokens/s, batch {batch}"


@contextmanager
def alone(entry: Entry, weights: Path) -> Iterator[ContestantProcess]:
    """A contestant, which has the device to itself."""
    if entry.missing:
        raise MeasuringFailed(f"{' and '.join(entry.missing)} not installed")
    worker = ContestantProcess(entry, weights)
    try:
        yield worker
    finally:
        worker.close()


def contestants(device: str, of_torch: str) -> Iterator[Entry]:
    """Those whose speed is measured; device is as for `gpt2 generate`, of_torch torch's name."""
    yield Entry("engine float32", ".on_device", "OnDevice", (device,))
    yield Entry("engine bfloat16", ".on_device", "OnDevice", (device, "bf16"))
    for dtype in ("float32", "bfloat16"):
        arguments = (dtype, of_torch)
        eager, compiled = f"transformers {dtype}", f"torch.compile {dtype}"
        yield Entry(eager, ".transformers", "Transformers", arguments, TORCH)
        yield Entry(compiled, ".transformers", "compiled_transformers", arguments, TORCH)


def draw(sizes: GPT2Config, folder: Path) -> None:
    """Random weights, and the shipped tokenizer with a made-up token for each that it lacks."""
    save(random_weights(sizes), folder)
    tokenizer = json.loads((SHAKESPEARE / TOKENIZER_FILE).read_text(encoding="utf-8"))
    known = tokenizer["model"]["vocab"]
    known |= {f"<{token}>": token for token in range(len(known), sizes.vocab_size)}
    (folder / TOKENIZER_FILE).write_text(json.dumps(tokenizer), encoding="utf-8")
