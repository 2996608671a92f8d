"""The twelve solutions on a device beside the CPU: `python -m bench.logits DEVICE`.

Prints the largest difference between the logits of the shipped model, as the solutions compute
them, compiled for the device, and as the engine does on the CPU.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import sys

import numpy as np
from max.driver import CPU
from max.dtype import DType
from max.experimental.tensor import Tensor

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import load_model
from gpt2.devices import choose_device
from gpt2.engine.engine import Engine

FOLDER = SHIPPED / "shakespeare"
TEXTS, LENGTH = 2, 100


def main() -> None:
    device, config = choose_device(sys.argv[1]), read_config(FOLDER)
    ids = np.random.default_rng(0).integers(config.vocab_size, size=(TEXTS, LENGTH))
    compiled = load_model(FOLDER, config, device)
    logits = np.from_dlpack(compiled(Tensor(ids, dtype=DType.int64, device=device)).to(CPU()))
    engine = Engine(FOLDER, config, CPU())
    expected = engine.forward(engine.new_cache(np.zeros(TEXTS, np.int64)), ids, LENGTH)
    print(np.abs(logits - expected).max())


if __name__ == "__main__":
    main()
