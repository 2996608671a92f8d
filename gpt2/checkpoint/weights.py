"""From a checkpoint's model.safetensors, or its shards, to the parameters of step 11.

A file is mapped into memory, not read: a weight that is used as it lies in the file costs
no copy, and the pages of one that is transposed or converted are given back at once.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from gpt2.checkpoint.finite import check_weight
from gpt2.checkpoint.shapes import parameter_shapes
from gpt2.checkpoint.shards import INDEX_FILE, read_index, weight_files
from gpt2.errors import UserError, shortened
from solutions.solution_01 import GPT2Config
from solutions.solution_13 import PREFIX, is_conv1d, parameter_name, to_float32

HEAD = "lm_head.weight"
TOKEN_EMBEDDING = "transformer.wte.weight"

STORAGE_DTYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
SHOWN_PROBLEMS = 4


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies in a safetensors file."""

    path: Path
    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int  # bytes from the beginning of the file

    @property
    def parameter(self) -> str | None:
        """The name of the parameter of step 11 that it is, or repeats; None for a mask."""
        if self.name.removeprefix(PREFIX) == HEAD:
            return TOKEN_EMBEDDING
        return parameter_name(self.name)

    @property
    def is_conv1d(self) -> bool:
        return self.parameter is not None and is_conv1d(self.parameter)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """The shape that the parameter of step 11 has."""
        return self.shape[::-1] if self.is_conv1d else self.shape

    # ANCHOR: array
    def stored(self) -> np.ndarray:
        """As it lies in the file, of which it is a view."""
        # Mode c, copy on write: DLPack hands over no array that is read-only.
        dtype = STORAGE_DTYPES[self.dtype]
        return np.memmap(self.path, dtype, mode="c", offset=self.offset, shape=self.shape)

    def array(self) -> np.ndarray:
        """The parameter, float32; what is stored as float32 is a view of the file.

        Raises:
            UserError: a number is infinite, or none.
        """
        stored = self.stored()
        array = to_float32(stored.T if self.is_conv1d else stored)
        check_weight(self.path, self.name, array)
        return array
        # ANCHOR_END: array


def read_weights(folder: Path, config: GPT2Config) -> dict[str, np.ndarray]:
    """Reads a checkpoint for step 11's model.

    Args: as for `find_tensors`.

    Returns:
        A float32 array for every parameter, by its name.

    Raises:
        UserError: a file is damaged, does not fit the config, or holds no finite numbers.
    """
    tensors = find_tensors(folder, config)
    return {name: np.ascontiguousarray(tensor.array()) for name, tensor in tensors.items()}


def find_tensors(folder: Path, config: GPT2Config) -> dict[str, StoredTensor]:
    """Finds the parameters of step 11's model in a checkpoint, by their names.

    Args:
        folder: has weights in float32, float16 or bfloat16, with or without the prefix
            `transformer.`, with or without a repeated head, in one file or in several.
        config: the model's sizes.

    Raises:
        UserError: a file is damaged, or does not fit the config.
    """
    stored: dict[str, StoredTensor] = {}
    copies: list[StoredTensor] = []
    for tensor in _stored_tensors(folder):
        if tensor.parameter and stored.setdefault(tensor.parameter, tensor) is not tensor:
            copies.append(tensor)
    if problems := list(islice(_misfits(stored, config), SHOWN_PROBLEMS + 1)):
        more = "; and more" if len(problems) > SHOWN_PROBLEMS else ""
        raise UserError(
            f"the weights in {shortened(folder)} do not fit its config.json:\n"
            f"{shortened('; '.join(problems[:SHOWN_PROBLEMS]), 280)}{more}"
        )
    for copy in copies:
        first = stored[copy.parameter]
        if not _equal(first, copy):
            raise UserError(
                f"{shortened(copy.path)}: {first.name} and {copy.name} differ, "
                "and this model has one tensor for both"
            )
    return {name: stored[name] for name, _ in parameter_shapes(config)}


def _equal(one: StoredTensor, other: StoredTensor) -> bool:
    return one.shape == other.shape and np.array_equal(one.array(), other.array())


def _misfits(stored: Mapping[str, StoredTensor], config: GPT2Config) -> Iterator[str]:
    """What is wrong with the names and shapes; lazily, for a config may have a million layers."""
    wanted = set()
    for name, shape in parameter_shapes(config):
        wanted.add(name)
        tensor, short = stored.get(name), name.removeprefix(PREFIX)
        if tensor is None:
            yield f"{short} {list(shape)} is missing"
        elif tensor.parameter_shape != shape:
            expected = shape[::-1] if tensor.is_conv1d else shape
            yield shortened(f"{short} is {list(tensor.shape)}, expected {list(expected)}")
    for name, tensor in stored.items():
        if name not in wanted:
            yield shortened(f"{tensor.name} {list(tensor.shape)} is unexpected")


def _stored_tensors(folder: Path) -> Iterator[StoredTensor]:
    """What the files of a checkpoint hold, as their headers and the index of shards have it.

    Raises:
        UserError: a file is damaged, or the index is wrong.
    """
    index = read_index(folder)
    missing = {} if index is None else dict(index)
    for file in weight_files(folder):
        for tensor in _tensors_in(folder / file):
            if index is not None and missing.pop(tensor.name, None) != file:
                raise UserError(
                    f"{shortened(folder / file)} holds {shortened(tensor.name)}, "
                    f"which {INDEX_FILE} does not place there"
                )
            yield tensor
    for name, file in missing.items():
        raise UserError(
            f"{shortened(folder / INDEX_FILE)} is wrong: {file} has no {shortened(name)}"
        )


def _tensors_in(path: Path) -> list[StoredTensor]:
    """What the header of a safetensors file lists.

    Source: the safetensors format, https://huggingface.co/docs/safetensors#format
    """
    try:
        with safe_open(path, framework="numpy"):
            pass  # opening checks the header, and that the file has the size it promises
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            data = file.tell()
        header.pop("__metadata__", None)
        tensors = [
            StoredTensor(path, name, e["dtype"], tuple(e["shape"]), data + e["data_offsets"][0])
            for name, e in header.items()
        ]
    except (SafetensorError, OSError, TypeError) as error:
        raise UserError(
            f"{shortened(path)} is no complete safetensors file: {shortened(error)}\n"
            "Download or copy it again."
        ) from error
    for tensor in tensors:
        if tensor.dtype not in STORAGE_DTYPES and tensor.parameter:
            raise UserError(
                f"{shortened(path)}: {shortened(tensor.name)} is stored as {tensor.dtype}, "
                f"not as one of {', '.join(STORAGE_DTYPES)}"
            )
    return tensors
