"""Random weights of GPT-2's shape, the same for every contestant."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from solutions.solution_01 import GPT2Config


@dataclass(frozen=True)
class Weights:
    """A model's sizes and its arrays, float32, by Hugging Face's names and in its layout."""

    config: GPT2Config
    arrays: dict[str, np.ndarray]


def random_weights(config: GPT2Config, seed: int = 0) -> Weights:
    """Draws what GPT-2 begins its training with: normal, deviation 0.02; norms do nothing.

    Source: Radford et al., "Improving Language Understanding by Generative Pre-Training"
    (2018), section 4.1.
    """
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02)

    width, inner = config.n_embd, config.inner_dim
    arrays = {
        "wte.weight": normal(config.vocab_size, width),
        "wpe.weight": normal(config.n_positions, width),
    }
    for layer in range(config.n_layer):
        for name, inputs, outputs in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, inner),
            ("mlp.c_proj", inner, width),
        ):
            arrays[f"h.{layer}.{name}.weight"] = normal(inputs, outputs)
            arrays[f"h.{layer}.{name}.bias"] = np.zeros(outputs, np.float32)
    norms = [f"h.{layer}.{name}" for layer in range(config.n_layer) for name in ("ln_1", "ln_2")]
    for name in [*norms, "ln_f"]:
        arrays[f"{name}.weight"] = np.ones(width, np.float32)
        arrays[f"{name}.bias"] = np.zeros(width, np.float32)
    return Weights(config, arrays)


def save(weights: Weights, folder: Path) -> None:
    """Writes config.json and model.safetensors, as Hugging Face has them."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_type": "gpt2", "activation_function": "gelu_new", **asdict(weights.config)}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(weights.arrays, folder / "model.safetensors")


def read(folder: Path) -> Weights:
    """What save wrote."""
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    sizes = {field.name: config[field.name] for field in fields(GPT2Config)}
    return Weights(GPT2Config(**sizes), load_file(folder / "model.safetensors"))
