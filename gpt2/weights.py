"""From a checkpoint's model.safetensors to the parameters of step 11.

The file is mapped into memory, not read: a weight that is used as it lies in the file costs
no copy, and the pages of one that is transposed or converted are given back at once.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gpt2.errors import UserError
from gpt2.locate import WEIGHTS_FILE

PREFIX = "transformer."
HEAD = "lm_head.weight"
TOKEN_EMBEDDING = "wte.weight"

# Files from before 2023 also hold the causal mask of each block.
BUFFER = re.compile(r"h\.\d+\.attn\.(bias|masked_bias)")
# Hugging Face's Conv1D stores [in, out], where a linear layer has [out, in].
CONV1D = re.compile(r"h\.\d+\.(attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.weight")

STORAGE_DTYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
SHOWN_PROBLEMS = 4
ALIGNMENT = 16  # numbers of float32: a cache line


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies in a safetensors file."""

    path: Path
    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int  # bytes from the beginning of the file

    @property
    def is_conv1d(self) -> bool:
        return CONV1D.fullmatch(self.name) is not None

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """The shape that the parameter of step 11 has."""
        return self.shape[::-1] if self.is_conv1d else self.shape

    def read(self, into: np.ndarray | None = None) -> np.ndarray:
        """The parameter, float32; a view of the file where it can be one.

        Args:
            into: where to write it; without it, the result may be a view of the file.
        """
        # Mode c, copy on write: DLPack hands over no array that is read-only.
        stored = np.memmap(
            self.path, STORAGE_DTYPES[self.dtype], mode="c", offset=self.offset, shape=self.shape
        )
        if self.is_conv1d:
            stored = stored.T
        if into is None and self.dtype == "F32":
            return np.ascontiguousarray(stored)
        array = np.empty(stored.shape, np.float32) if into is None else into
        if self.dtype == "BF16":  # the upper half of a float32
            np.left_shift(stored, 16, out=array.view(np.uint32), dtype=np.uint32)
        else:
            np.copyto(array, stored)
        return array


def read_weights(
    folder: Path, parameters: Mapping[str, tuple[int, ...]], *, in_one_block: bool = False
) -> dict[str, np.ndarray]:
    """Reads a checkpoint for a model.

    Args:
        folder: has a model.safetensors in float32, float16 or bfloat16, with or without the
            prefix `transformer.`, with or without a repeated head.
        parameters: the names and shapes of the model's parameters.
        in_one_block: copy all into one block of memory, instead of using the file's pages.

    Returns:
        A float32 array for every parameter, by its name.

    Raises:
        UserError: the file is damaged, or does not fit the parameters.

    Source: the safetensors format, https://huggingface.co/docs/safetensors#format
    """
    path = folder / WEIGHTS_FILE
    stored = {}
    for tensor in _stored_tensors(path):
        if not BUFFER.fullmatch(tensor.name):
            stored[tensor.name] = tensor
    head = stored.pop(HEAD, None)
    if head is not None:
        table = stored.setdefault(TOKEN_EMBEDDING, head)
        if table is not head and not _equal(table, head):
            raise UserError(
                f"{path}: {HEAD} differs from {TOKEN_EMBEDDING}; "
                "this model has one table for both (tie_word_embeddings)"
            )

    wanted = {name.removeprefix(PREFIX): shape for name, shape in parameters.items()}
    if problems := list(_misfits(stored, wanted)):
        more = len(problems) - SHOWN_PROBLEMS
        shown = "; ".join(problems[:SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
        raise UserError(f"{path} does not fit its config.json: {shown}")
    tensors = {name: stored[name.removeprefix(PREFIX)] for name in parameters}
    if in_one_block:
        places = one_block(parameters)
        return {name: tensor.read(places[name]) for name, tensor in tensors.items()}
    return {name: tensor.read() for name, tensor in tensors.items()}


def one_block(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Room for float32 arrays in one piece of memory.

    For a piece this large NumPy asks Linux for large pages (2 MB instead of 4 KB), and reading
    through large pages is up to twice as fast: see the book's chapter on speed.
    """
    starts = np.cumsum([0, *(-(-math.prod(shape) // ALIGNMENT) for shape in shapes.values())])
    block = np.empty(int(starts[-1]) * ALIGNMENT, np.float32)
    return {
        name: block[start * ALIGNMENT :][: math.prod(shape)].reshape(shape)
        for (name, shape), start in zip(shapes.items(), starts, strict=False)
    }


def _equal(one: StoredTensor, other: StoredTensor) -> bool:
    return one.shape == other.shape and np.array_equal(one.read(), other.read())


def _misfits(
    stored: Mapping[str, StoredTensor], wanted: Mapping[str, tuple[int, ...]]
) -> Iterable[str]:
    for name, shape in wanted.items():
        if name not in stored:
            yield f"{name} {list(shape)} is missing"
        elif stored[name].parameter_shape != shape:
            tensor = stored[name]
            expected = shape[::-1] if tensor.is_conv1d else shape
            yield f"{name} is {list(tensor.shape)}, expected {list(expected)}"
    for name, tensor in stored.items():
        if name not in wanted:
            yield f"{name} {list(tensor.shape)} is unexpected"


def _stored_tensors(path: Path) -> Iterable[StoredTensor]:
    """What the header of a safetensors file lists, names without their prefix."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass  # opening checks the header, and that the file has the size it promises
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{path} is no complete safetensors file: {error}\nDownload or copy it again."
        ) from error

    with path.open("rb") as file:
        header_size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_size))
    header.pop("__metadata__", None)
    for name, entry in header.items():
        name = name.removeprefix(PREFIX)
        if entry["dtype"] not in STORAGE_DTYPES and not BUFFER.fullmatch(name):
            kinds = ", ".join(STORAGE_DTYPES)
            raise UserError(f"{path}: {name} is stored as {entry['dtype']}, not as one of {kinds}")
        offset = 8 + header_size + entry["data_offsets"][0]
        yield StoredTensor(path, name, entry["dtype"], tuple(entry["shape"]), offset)
