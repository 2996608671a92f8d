"""How much memory the engine takes beside its weights: `python -m bench.memory FOLDER`.

Prints the ratio of what is resident at the end of a context, above what importing MAX takes, to
what the weights and a full cache are. The graph has to be compiled already.
"""

import os
import subprocess
import sys
from pathlib import Path

import max.driver
import max.engine
import numpy as np

NUMBER = 4  # bytes, float32


def resident() -> int:
    """The memory of this process, in bytes."""
    command = ["ps", "-o", "rss=", "-p", str(os.getpid())]
    return 1024 * int(subprocess.run(command, check=True, capture_output=True).stdout)


def measure_memory(folder: Path) -> float:
    """The ratio, measured in a process of its own."""
    command = [sys.executable, "-m", "bench.memory", str(folder)]
    root = Path(__file__).parent.parent
    answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    return float(answer.stdout)


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
