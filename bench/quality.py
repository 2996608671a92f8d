"""Measures what weights of fewer bits cost: `uv run python bench/quality.py`.

The engine reads checkpoints/shakespeare/validation.txt, a passage that the model was not trained on, with
each kind of weights, and the mean of -ln(probability of what really comes next) is written to
bench/measurements/quality.json, in nats per character: less is better. Seconds, once compiled.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from max.driver import CPU

from gpt2.config import read_config
from gpt2.engine.engine import Engine
from gpt2.engine.quantize import BLOCKS
from gpt2.locate import SHIPPED
from gpt2.sampling import log_softmax
from gpt2.tokenizer import Tokenizer

FOLDER = SHIPPED / "shakespeare"
PASSAGE = FOLDER / "validation.txt"
MEASUREMENTS = Path(__file__).parent / "measurements" / "quality.json"
KINDS = ("float32", "q6_k", "q4_0")


def main() -> None:
    text = PASSAGE.read_text(encoding="utf-8")
    measured = {kind: loss_per_character(kind, text) for kind in KINDS}
    print(f"{'weights':8}  {'bits':>6}  {'nats per character':>18}  {'more':>6}")
    for kind, loss in measured.items():
        more = loss - measured["float32"]
        print(f"{kind:8}  {bits(kind):6.4g}  {loss:18.4f}  {more:6.4f}")
    record = {
        "checkpoint": FOLDER.name,
        "passage": PASSAGE.name,
        "characters": len(text),
        "max": version("max"),
        "nats_per_character": {kind: round(loss, 4) for kind, loss in measured.items()},
    }
    MEASUREMENTS.parent.mkdir(exist_ok=True)
    MEASUREMENTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def bits(kind: str) -> float:
    """Of memory for one weight."""
    if kind == "float32":
        return 32
    numbers, size = BLOCKS[kind]
    return 8 * size / numbers


def loss_per_character(kind: str, text: str) -> float:
    """Nats per character of a text; every token but the first is counted.

    Half a context at a time, behind the half before it, as checkpoints/train_shakespeare.py does.
    """
    config = read_config(FOLDER)
    engine = Engine(FOLDER, config, CPU(), None if kind == "float32" else kind)
    ids = np.array(Tokenizer(FOLDER).encode(text))
    half = config.n_positions // 2
    nats = 0.0
    for start in range(0, len(ids) - 1, half):
        window = ids[max(0, start - half) : start + half + 1]
        counted = ids[start + 1 : start + half + 1]
        cache = engine.new_cache(np.zeros(1, np.int64))  # of one text without padding
        (logits,) = engine.forward(cache, window[None, :-1], wanted=len(counted))
        pairs = zip(logits, counted, strict=True)
        nats -= sum(log_softmax(scores)[token] for scores, token in pairs)
    return nats / len(text)


if __name__ == "__main__":
    main()
