"""Which files hold the weights: one, or several and an index that says what is in which."""

import json
import re
from pathlib import Path

from gpt2.checkpoint.json_file import read_object
from gpt2.errors import UserError, shortened

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
SHARD = re.compile(r"[\w.-]+\.safetensors")  # in the same folder


def weight_files(folder: Path) -> list[str]:
    """The names of the files that hold the weights, whether they are there or not.

    Raises:
        UserError: the index cannot be read.
    """
    index = read_index(folder)
    return [WEIGHTS_FILE] if index is None else sorted(set(index.values()))


def read_index(folder: Path) -> dict[str, str] | None:
    """The name of the file that holds each tensor; None where one file holds all.

    Raises:
        UserError: the index cannot be read.

    Source: https://huggingface.co/docs/huggingface_hub/package_reference/serialization
    """
    path = folder / INDEX_FILE
    if (folder / WEIGHTS_FILE).is_file() or not path.is_file():
        return None
    index = read_object(path).get("weight_map")
    if not isinstance(index, dict) or not index:
        raise UserError(f"{shortened(path)} has no weight_map that says where each tensor is")
    for name, file in index.items():
        if not isinstance(file, str) or not SHARD.fullmatch(file):
            raise UserError(
                f"{shortened(path)}: {shortened(name)} is in {shortened(json.dumps(file))}, "
                "which is no name of a safetensors file"
            )
    return index
