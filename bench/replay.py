"""What a step on an accelerator costs to start: `python -m bench.replay DEVICE FOLDER`.

Prints, as JSON, the milliseconds of a step of the engine for one text, its operations started one
after the other; and the same step recorded and replayed as a whole, which NVIDIA calls CUDA graphs.
A recording has fixed addresses and sizes, so the engine, whose texts grow, does not use one.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from max.driver import Buffer
from max.engine import InferenceSession

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.weights import find_tensors
from gpt2.devices import choose_device
from gpt2.engine import packing
from gpt2.engine.cache import KeyValueCache
from gpt2.engine.formats import PLAIN, cache_dtype
from gpt2.engine.graph import compiled_decoder
from solutions.solution_16 import attention_mask, positions

PAST, TIMES = 80, 20
KEY = 1  # a recording's name


def main() -> None:
    device, folder = choose_device(sys.argv[1]), Path(sys.argv[2])
    config = read_config(folder)
    weights = packing.prepare(find_tensors(folder, config), PLAIN)
    graph = compiled_decoder(config, PLAIN, device)
    model = InferenceSession(devices=[device]).load(graph, weights_registry=weights)

    zero = np.zeros(1, np.int64)
    ids, kept, padding = zero[None], zero, zero  # a token, the place of its logits, no padding
    cache = KeyValueCache(config, device, padding, paged=False, dtype=cache_dtype(PLAIN))
    cache.make_room(PAST + 1)
    arrays = ids, positions(1, PAST, padding), kept, attention_mask(1, PAST, padding)
    *first, mask = (Buffer.from_dlpack(array).to(device) for array in arrays)
    inputs = (*first, *cache.buffers, mask)

    def milliseconds(act: Callable[[], object]) -> float:
        times = []
        for _ in range(TIMES):
            device.synchronize()
            began = time.perf_counter()
            act()
            device.synchronize()
            times.append(time.perf_counter() - began)
        return round(statistics.median(times) * 1e3, 2)

    started = milliseconds(lambda: model.execute(*inputs))
    outputs = model.capture(KEY, *inputs)  # where a replay leaves its results
    replayed = milliseconds(lambda: model.replay(KEY, *inputs))
    del outputs
    print(json.dumps({"started": started, "replayed": replayed}))


if __name__ == "__main__":
    main()
