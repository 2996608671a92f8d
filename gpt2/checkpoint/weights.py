"""From a checkpoint's model.safetensors to the parameters of step 11.

The file is mapped into memory, not read: a weight that is used as it lies in the file costs
no copy, and the pages of one that is transposed or converted are given back at once.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gpt2.checkpoint.locate import WEIGHTS_FILE
from gpt2.errors import UserError

PREFIX = "transformer."
HEAD = "lm_head.weight"
TOKEN_EMBEDDING = "wte.weight"

# Files from before 2023 also hold the causal mask of each block.
BUFFER = re.compile(r"h\.\d+\.attn\.(bias|masked_bias)")
# Hugging Face's Conv1D stores [in, out], where a linear layer has [out, in].
CONV1D = re.compile(r"h\.\d+\.(attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.weight")

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
    def is_conv1d(self) -> bool:
        return CONV1D.fullmatch(self.name) is not None

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """The shape that the parameter of step 11 has."""
        return self.shape[::-1] if self.is_conv1d else self.shape

    def array(self) -> np.ndarray:
        """The parameter, float32; what is stored as float32 is a view of the file."""
        # Mode c, copy on write: DLPack hands over no array that is read-only.
        stored = np.memmap(
            self.path, STORAGE_DTYPES[self.dtype], mode="c", offset=self.offset, shape=self.shape
        )
        if self.is_conv1d:
            stored = stored.T
        if self.dtype == "BF16":  # the upper half of a float32
            return np.left_shift(stored, 16, dtype=np.uint32).view(np.float32)
        return stored.astype(np.float32, copy=False)


def read_weights(folder: Path, parameters: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Reads a checkpoint for a model.

    Args: as for `find_tensors`.

    Returns:
        A float32 array for every parameter, by its name.

    Raises:
        UserError: the file is damaged, does not fit the parameters, or holds no finite numbers.
    """
    tensors = find_tensors(folder, parameters)
    weights = {name: np.ascontiguousarray(tensor.array()) for name, tensor in tensors.items()}
    check_finite(folder, weights)
    return weights


def find_tensors(
    folder: Path, parameters: Mapping[str, tuple[int, ...]]
) -> dict[str, StoredTensor]:
    """Finds the parameters of a model in a checkpoint.

    Args:
        folder: has a model.safetensors in float32, float16 or bfloat16, with or without the
            prefix `transformer.`, with or without a repeated head.
        parameters: the names and shapes of the model's parameters.

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
    return {name: stored[name.removeprefix(PREFIX)] for name in parameters}


def check_finite(folder: Path, weights: Mapping[str, np.ndarray]) -> None:
    """Makes sure that no weight is infinite or not a number.

    Raises:
        UserError: one is.
    """
    for name, array in weights.items():
        # A sum is not finite if a number in it is not, and reading once is all it costs.
        if not np.isfinite(array.sum(dtype=np.float32)) and not np.isfinite(array).all():
            count = np.count_nonzero(~np.isfinite(array))
            raise UserError(
                f"{folder / WEIGHTS_FILE}: {count} of the {array.size} numbers of {name} are "
                "infinite or no numbers: the training went wrong, or the file is damaged"
            )


def _equal(one: StoredTensor, other: StoredTensor) -> bool:
    return one.shape == other.shape and np.array_equal(one.array(), other.array())


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
