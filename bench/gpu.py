"""Tries and measures an accelerator: `uv run python bench/gpu.py --device gpu`.

First it is compared with the CPU, then with transformers on torch, on GPT-2 124M with random
weights. Each result is printed as it comes; all are in bench/measurements/gpu.json at the end.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
from max.driver import CPU, Device
from max.dtype import DType
from max.experimental.tensor import Tensor

from bench.contestants.transformers import Transformers
from bench.weights import random_weights, save
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import load_model
from gpt2.devices import choose_device
from gpt2.engine.engine import Engine
from gpt2.engine.formats import BF16
from solutions.solution_01 import GPT2Config

MEASUREMENTS = Path(__file__).parent / "measurements" / "gpu.json"
SHAKESPEARE = SHIPPED / "shakespeare"
BATCHES = (1, 8, 64)
PROMPT, LONG, NEW, GREEDY = 16, 512, 64, 32  # tokens
TIMES = 3
LARGEST_DIFFERENCE = 1e-3  # of logits


class OnDevice:
    """The engine with MAX's own operations, as it runs on accelerators."""

    def __init__(self, folder: Path, device: Device, quantize: str | None = None) -> None:
        self._engine = Engine(folder, read_config(folder), device, quantize, kernels=False)

    def write(self, prompts: list[list[int]], count: int) -> np.ndarray:
        """Continues prompts of one length greedily: int64 `[prompts, count]`."""
        cache = self._engine.new_cache(np.zeros(len(prompts), np.int64))
        new, tokens = np.array(prompts), []
        for _ in range(count):
            new = self._engine.forward(cache, new)[:, -1].argmax(axis=-1)[:, None]
            tokens.append(new)
        return np.concatenate(tokens, axis=1)


def compare_with_cpu(device: Device) -> dict[str, float | bool]:
    """The twelve steps and the engine, on the device and on the CPU."""
    config = read_config(SHAKESPEARE)
    ids = np.random.default_rng(0).integers(config.vocab_size, size=(2, 100))
    logits = []
    for where in (CPU(), device):
        compiled = load_model(SHAKESPEARE, config, where)
        result = compiled(Tensor(ids, dtype=DType.int64, device=where))
        logits.append(np.from_dlpack(result.to(CPU())))
    prompts = ids[:, :PROMPT].tolist()
    texts = [OnDevice(SHAKESPEARE, where).write(prompts, GREEDY) for where in (CPU(), device)]
    return {
        "largest difference of logits": float(np.abs(logits[0] - logits[1]).max()),
        "the same greedy tokens": bool(np.array_equal(*texts)),
    }


def measure(write: Callable[[list[list[int]], int], object]) -> dict[str, float]:
    """Tokens per second of some texts, and seconds for a long prompt; each once to warm up."""
    rng = np.random.default_rng(1)
    measured = {}
    for batch in BATCHES:
        prompts = rng.integers(GPT2Config.vocab_size, size=(batch, PROMPT)).tolist()
        both = [seconds(lambda count=count, p=prompts: write(p, count)) for count in (1, NEW + 1)]
        measured[f"tokens/s of {batch} texts"] = batch * NEW / (both[1] - both[0])
    long = rng.integers(GPT2Config.vocab_size, size=(1, LONG)).tolist()
    measured[f"seconds for {LONG} tokens"] = seconds(lambda: write(long, 1))
    return measured


def seconds(act: Callable[[], object]) -> float:
    """How long something takes: a median, after a time that does not count."""
    act()
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="gpu", help="as for gpt2 generate")
    name = parser.parse_args().device
    device = choose_device(name)
    of_torch = "cpu" if device == CPU() else "cuda"
    results: dict[str, object] = {"max": version("max"), "device": str(device)}

    def tell(what: str, result: object) -> None:
        results[what] = result
        print(f"{what}: {result}", flush=True)

    tell("beside the CPU", compare_with_cpu(device))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        save(random_weights(GPT2Config()), path)
        for quantize in (None, BF16):
            tell(
                f"this engine, {quantize or 'float32'}",
                measure(OnDevice(path, device, quantize).write),
            )
        for dtype in ("float32", "bfloat16"):
            for compiled in (False, True):
                what = f"transformers, {dtype}" + (", compiled" if compiled else "")
                peer = Transformers(path, dtype, of_torch, compiled=compiled)
                with suppress(RuntimeError):
                    tell(
                        what, measure(lambda p, count, peer=peer: list(peer.stream_batch(p, count)))
                    )
    MEASUREMENTS.parent.mkdir(exist_ok=True)
    MEASUREMENTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
