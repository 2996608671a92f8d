"""From a checkpoint's config.json to the configuration of step 01."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from gpt2.checkpoint.json_file import read_object
from gpt2.checkpoint.locate import CONFIG_FILE
from gpt2.errors import UserError, shortened
from solutions.solution_01 import GPT2Config

TANH_GELUS = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")  # one function under three names
LARGEST_SIZE = 2**31 - 1
EPSILONS = (1e-37, 1e37)  # what float32 holds


def read_config(folder: Path) -> GPT2Config:
    """Reads config.json; a size it does not give has GPT-2's default, as in transformers.

    Raises:
        UserError: the file is no JSON, describes another kind of model, a variant of GPT-2
            that the twelve steps do not compute, or sizes that cannot be.
    """
    values = read_object(folder / CONFIG_FILE)
    try:
        _check_variant(values)
        return GPT2Config(
            **{
                field.name: _size(field.name, values[field.name])
                for field in dataclasses.fields(GPT2Config)
                if values.get(field.name) is not None
            }
        )
    except (ValueError, RecursionError) as error:
        raise UserError(f"{shortened(folder / CONFIG_FILE)}: {error}") from error


def _check_variant(values: dict[str, Any]) -> None:
    """Refuses the settings that would change what the model computes."""
    for name, default, *supported in (
        ("model_type", None, "gpt2"),
        ("activation_function", "gelu_new", *TANH_GELUS),
        ("scale_attn_weights", True, True),
        ("scale_attn_by_inverse_layer_idx", False, False),
        ("add_cross_attention", False, False),
        ("tie_word_embeddings", True, True),
    ):
        value = values.get(name, default)
        # True is 1, but only one of them is JSON's true.
        if not any(value == one and type(value) is type(one) for one in supported):
            raise ValueError(
                f"{name} is {_as_json(value)}, and only {_as_json(supported[0])} works here"
            )


def _size(name: str, value: object) -> int | float:
    if name == "layer_norm_epsilon":
        smallest, largest = EPSILONS
        right = isinstance(value, int | float) and smallest <= value <= largest
        kind = f"a number from {smallest} to {largest}"
    else:
        right = isinstance(value, int) and 1 <= value <= LARGEST_SIZE
        kind = f"a whole number from 1 to {LARGEST_SIZE}"
    if not right or isinstance(value, bool):
        raise ValueError(f"{name} is {_as_json(value)}, not {kind}")
    return float(value) if name == "layer_norm_epsilon" else value


def _as_json(value: object) -> str:
    return shortened(json.dumps(value))
