"""How much memory the engine takes beside its weights: `python -m bench.memory FOLDER`.

Prints the ratio of what is resident at the end of a context, above what importing MAX takes, to
what the weights and a full cache are. The graph has to be compiled already.
"""

import sys
from pathlib import Path

import max.driver
import max.engine
import numpy as np
import psutil

from bench.contestant_process import run_python

NUMBER = 4  # bytes, float32


def resident() -> int:
    """The memory of this process, in bytes."""
    return psutil.Process().memory_info().rss


def measure_memory(folder: Path) -> float:
    """The ratio, measured in a process of its own."""
    return float(run_python("-m", "bench.memory", str(folder)))


def main() -> None:
    at_import = resident()
    from gpt2.checkpoint.config import read_config
    from gpt2.engine.engine import Engine

    folder = Path(sys.argv[1])
    config = read_config(folder)
    engine = Engine(folder, config, max.driver.CPU())
    cache = engine.new_cache(np.zeros(1, np.int64))
    context = config.n_positions
    engine.forward(cache, np.zeros([1, context - 1], np.int64))
    engine.forward(cache, np.zeros([1, 1], np.int64))
    weights = (folder / "model.safetensors").stat().st_size
    keys_and_values = 2 * config.n_layer * context * config.n_embd * NUMBER
    print((resident() - at_import) / (weights + keys_and_values))


if __name__ == "__main__":
    main()
