"""Draws the book's figures: `uv run --group book python book/make_figures.py [NAME ...]`.

Their numbers come from the shipped models, so this takes some seconds; what was measured is
read from book/measurements/. The files in book/src/figures/ are committed.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import argparse
from collections.abc import Callable
from pathlib import Path

from drawing import (
    architecture,
    attention,
    attention_flow,
    batches,
    cache,
    conv1d,
    depth,
    embeddings,
    generation,
    inside,
    masks,
    pages,
    panels,
    processes,
    quantized,
    sampling,
    serving,
    sizes,
    speculation,
    speed,
    strategies,
)
from drawing.style import Drawing, prepare
from drawing.svg import to_svg

FOLDER = Path(__file__).parent / "src" / "figures"

# The name of a figure, by which a chapter includes it, and what draws it.
FIGURES: dict[str, Callable[[], Drawing]] = {
    "model": architecture.model,
    "parameters": sizes.parameters,
    "causal_mask": masks.causal_mask,
    "layer_norm": inside.layer_norm,
    "gelu": inside.gelu,
    "token_embedding": embeddings.token_embedding,
    "position_embedding": embeddings.position_embedding,
    "attention_heads": attention.attention_heads,
    "attention_shapes": attention_flow.attention_shapes,
    "residual_norms": depth.residual_norms,
    "block": architecture.block,
    "layers_guess": depth.layers_guess,
    "next_token": sampling.next_token,
    "temperatures": sampling.temperatures,
    "context_drift": generation.context_drift,
    "generation_cost": generation.generation_cost,
    "conv1d": conv1d.conv1d,
    "cached_keys": cache.cached_keys,
    "padded_batch": batches.padded_batch,
    "quantized_blocks": quantized.quantized_blocks,
    "strategies": strategies.strategies,
    "speculation": speculation.speculation,
    "pages": pages.pages,
    "panel": panels.panel,
    "decode_speed": speed.decode_speed,
    "serving_speed": serving.serving_speed,
    "processes": processes.processes,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Draws the book's figures.")
    choices = [[], *FIGURES]  # argparse asks whether no name is one of them
    parser.add_argument("names", nargs="*", choices=choices, metavar="NAME")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER")
    arguments = parser.parse_args()
    prepare()
    arguments.to.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or FIGURES:
        (arguments.to / f"{name}.svg").write_text(to_svg(FIGURES[name]()), encoding="utf-8")


if __name__ == "__main__":
    main()
