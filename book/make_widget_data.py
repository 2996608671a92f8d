"""Makes the data of the book's widgets from the checkpoint `shakespeare`.

    uv run python book/make_widget_data.py

Writes attention_data.js (the attention weights of one sentence), shakespeare_data.js (the
whole model in int8) and pages_data.js (what step 19's scheduler does, moment by moment) into
book/src/widgets. The same checkpoint gives the same files. They are scripts that set one
global, because a page opened from a file may not fetch anything else.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import base64
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drawing.values import layers
from gpt2 import load
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import PREFIX, read_weights
from page_scenes import SCENES, record

CHECKPOINT = SHIPPED / "shakespeare"
WIDGETS = Path(__file__).parent / "src" / "widgets"
HEADER = "// Made by book/make_widget_data.py from checkpoints/shakespeare.\n"

# "Romeo" comes three times, so a head that looks for what it has seen before has much to find.
SENTENCE = "JULIET:\nO Romeo, Romeo! wherefore art thou Romeo?"
PROMPTS = [
    "ROMEO:\nI",
    "First Citizen:\nWe",
    "To be, or not to be",
    "O, my",
    "KING RICHARD III:\nA horse",
]


def attention_weights(text: str) -> tuple[list[str], np.ndarray]:
    """Who looks at whom when shakespeare reads a text.

    Returns:
        The text's tokens, and their weights `[layer, head, seq, seq]`: row i says how much
        token i takes from each token up to itself, and sums to 1.
    """
    tokenizer = Tokenizer(CHECKPOINT)
    ids = tokenizer.encode(text)
    weights = np.stack([layer.weights for layer in layers(CHECKPOINT.name, ids)])
    return [tokenizer.decode([token]) for token in ids], weights


def attention_data() -> dict[str, Any]:
    """The tokens of SENTENCE, and the weights of each layer and head as a triangle of rows."""
    tokens, weights = attention_weights(SENTENCE)
    triangles = [
        [[np.round(row[: i + 1], 3).tolist() for i, row in enumerate(head)] for head in layer]
        for layer in weights
    ]
    return {"tokens": tokens, "weights": triangles}


def quantize(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float32 `[rows, columns]` -> int8 of the same shape and a float32 scale for each row.

    A row is about its integers times its scale.
    """
    scales = np.abs(matrix).max(axis=1) / np.float32(127)  # [rows]
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales


def shakespeare_data() -> dict[str, Any]:
    """The sizes, the vocabulary, the prompts and the weights of shakespeare."""
    config = read_config(CHECKPOINT)
    tokenizer = Tokenizer(CHECKPOINT)
    weights = read_weights(CHECKPOINT, config)
    return {
        "config": dataclasses.asdict(config),
        "vocabulary": vocabulary(),
        "prompts": [{"text": text, "ids": tokenizer.encode(text)} for text in PROMPTS],
        "weights": {name.removeprefix(PREFIX): stored(array) for name, array in weights.items()},
    }


def stored(array: np.ndarray) -> dict[str, str]:
    """A matrix as int8 and scales, a vector as float32; little-endian, in base64."""
    if array.ndim == 1:
        return {"values": in_base64(array)}
    integers, scales = quantize(array)
    return {"integers": in_base64(integers), "scales": in_base64(scales)}


def in_base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def vocabulary() -> list[str]:
    """Each token as a string whose characters 0 to 255 stand for its bytes.

    A token may hold a part of a character's bytes only, so no other string would be exact.
    """
    tokens = json.loads((CHECKPOINT / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    alphabet = byte_alphabet()
    return [
        "".join(chr(alphabet[character]) for character in token)
        for token in sorted(tokens, key=tokens.__getitem__)
    ]


def byte_alphabet() -> dict[str, int]:
    """The byte that each character of a byte-level BPE file stands for.

    A printable character of Latin-1 stands for itself; the other bytes, in their order, are
    written with the characters from 256 on.

    Source: `bytes_to_unicode` of Radford et al., https://github.com/openai/gpt-2
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(256 + index): byte for index, byte in enumerate(others)
    }


def pages_data() -> dict[str, Any]:
    """Scenes of step 19: requests that come, and how its page table and scheduler serve them."""
    model = load(CHECKPOINT.name, device="cpu")
    return {scene.key: record(scene, model) for scene in SCENES}


def script(name: str, data: Mapping[str, Any]) -> str:
    """A script that sets the global `name`, with each entry of data on a line of its own."""
    entries = (
        f"  {key}: {json.dumps(value, separators=(',', ':'))}" for key, value in data.items()
    )
    return f"{HEADER}window.{name} = {{\n" + ",\n".join(entries) + ",\n};\n"


def main() -> None:
    made = {"attention": attention_data, "shakespeare": shakespeare_data, "pages": pages_data}
    for name, make in made.items():
        path = WIDGETS / f"{name}_data.js"
        path.write_text(script(f"{name}Data", make()), encoding="utf-8")
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
