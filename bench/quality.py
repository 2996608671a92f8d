"""Measures what weights of fewer bits cost: `uv run python bench/quality.py`.

The engine reads a passage that the model was not trained on, with each kind of weights in turn.
The mean of -ln(probability of what really comes next), in nats per character, goes to
bench/measurements/quality.json; less is better. Under a minute, once the graphs are compiled.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from max.driver import CPU

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.engine.engine import Engine
from gpt2.engine.formats import FORMATS
from gpt2.text.sampling import log_softmax

FOLDER = SHIPPED / "shakespeare"
PASSAGE = FOLDER / "validation.txt"
MEASUREMENTS = Path(__file__).parent / "measurements" / "quality.json"
FLOAT32 = "float32"


def main() -> None:
    text = PASSAGE.read_text(encoding="utf-8")
    losses = {kind: loss_per_character(FOLDER, kind, text) for kind in FORMATS}
    print("weights  bits each  nats per character  more")
    for kind, loss in losses.items():
        more = loss / losses[FLOAT32] - 1
        print(f"{kind:7}  {FORMATS[kind].bits:9g}  {loss:18.4f}  {more:z.1%}")
    record = {
        "model": FOLDER.name,
        "passage": PASSAGE.name,
        "characters": len(text),
        "max": version("max"),
        "nats_per_character": {kind: round(loss, 4) for kind, loss in losses.items()},
    }
    MEASUREMENTS.parent.mkdir(exist_ok=True)
    MEASUREMENTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def loss_per_character(folder: Path, kind: str, text: str) -> float:
    """Nats per character of a text, by a checkpoint with weights of some kind.

    Half a context at a time is counted, behind the half before it: all tokens but the first, as
    checkpoints/train_shakespeare.py does.
    """
    config = read_config(folder)
    engine = Engine(folder, config, CPU(), None if kind == FLOAT32 else kind)
    ids = np.array(Tokenizer(folder).encode(text))
    half = config.n_positions // 2
    nats = 0.0
    for start in range(0, len(ids) - 1, half):
        window = ids[max(0, start - half) : start + half + 1]
        counted = ids[start + 1 : start + half + 1]
        cache = engine.new_cache(padding=np.zeros(1, np.int64))
        (logits,) = engine.forward(cache, window[None, :-1], logits_to_keep=len(counted))
        pairs = zip(logits, counted, strict=True)
        nats -= sum(log_softmax(scores)[token] for scores, token in pairs)
    return nats / len(text)


if __name__ == "__main__":
    main()
