"""From a checkpoint's config.json to the configuration of step 01."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from gpt2.checkpoint.locate import CONFIG_FILE
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config

TANH_GELUS = ("gelu_new", "gelu_pytorch_tanh", "gelu_fast")  # one function under three names


def read_config(folder: Path) -> GPT2Config:
    """Reads config.json; a size it does not give has GPT-2's default, as in transformers.

    Raises:
        UserError: the file is no JSON, describes another kind of model, a variant of GPT-2
            that the twelve steps do not compute, or sizes that cannot be.
    """
    path = folder / CONFIG_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(values, dict) or values.get("model_type") != "gpt2":
        found = values.get("model_type") if isinstance(values, dict) else values
        raise UserError(f'{path} is not GPT-2\'s: its model_type is {found!r}, not "gpt2"')
    _check_variant(path, values)

    sizes = {
        field.name: _size(path, field.name, values[field.name])
        for field in dataclasses.fields(GPT2Config)
        if values.get(field.name) is not None
    }
    try:
        return GPT2Config(**sizes)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error


def _check_variant(path: Path, values: dict[str, Any]) -> None:
    """Refuses the settings that would change what the model computes."""
    activation = values.get("activation_function", "gelu_new")
    if activation not in TANH_GELUS:
        raise UserError(
            f"{path}: activation_function is {activation!r}; "
            f"this model computes {TANH_GELUS[0]!r} only"
        )
    for name, supported in (
        ("scale_attn_weights", True),
        ("scale_attn_by_inverse_layer_idx", False),
        ("add_cross_attention", False),
    ):
        value = values.get(name, supported)
        if value is not supported:
            raise UserError(
                f"{path}: {name} is {json.dumps(value)}; "
                f"this model computes {json.dumps(supported)} only"
            )


def _size(path: Path, name: str, value: object) -> int | float:
    is_float = name == "layer_norm_epsilon"
    right_type = isinstance(value, (int, float) if is_float else int)
    if not right_type or isinstance(value, bool) or value <= 0:
        kind = "a number above 0" if is_float else "a whole number above 0"
        raise UserError(f"{path}: {name} is {json.dumps(value)}, not {kind}")
    return value
