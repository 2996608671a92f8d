"""From a checkpoint's tensors to what the engine's layers multiply with."""

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from max.driver import Buffer
from max.dtype import DType

from gpt2.checkpoint.weights import StoredTensor
from gpt2.engine.formats import BF16, FORMATS, MATRICES, PLAIN, QUANTIZED, VECTORS
from gpt2.engine.kept_weights import keep, place, read_into
from gpt2.threads import thread_count
from solutions.solution_13 import load_weights, parameter_name

CACHE_LINE = 64  # bytes
TOKEN_EMBEDDING = "transformer.wte.weight"
OTHERS = {  # what is no layer's
    "wte": "wte.weight",
    "wpe": "wpe.weight",
    "ln_f_weight": "ln_f.weight",
    "ln_f_bias": "ln_f.bias",
}


def prepare(tensors: Mapping[str, StoredTensor], layout: str) -> dict[str, np.ndarray | Buffer]:
    """The parameters of a decoder by their names; layout as for make_decoder."""
    if layout == PLAIN:
        return plain(tensors)
    if layout == BF16:
        return {
            name: weight if ".ln_" in name else to_bfloat16(weight)
            for name, weight in plain(tensors).items()
        }
    return packed(tensors, layout)


def to_bfloat16(weight: np.ndarray) -> Buffer:
    """float32, rounded to the upper half of its bits; a half to the even one."""
    bits = weight.view(np.uint32)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1) >> 16).astype(np.uint16)
    return Buffer.from_dlpack(rounded).view(DType.bfloat16)


def plain(tensors: Mapping[str, StoredTensor]) -> dict[str, np.ndarray]:
    """The parameters as step 11 has them, for the layout `plain`."""
    for tensor in tensors.values():
        tensor.array()  # are all numbers finite?
    stored = {  # a head that stands for the token embedding has a name that is none
        tensor.name if parameter_name(tensor.name) else name: tensor.stored()
        for name, tensor in tensors.items()
    }
    shapes = {name: tensor.parameter_shape for name, tensor in tensors.items()}
    weights = load_weights(stored, shapes)
    return {name: np.ascontiguousarray(weight) for name, weight in weights.items()}


def packed(tensors: Mapping[str, StoredTensor], name: str) -> dict[str, np.ndarray]:
    """The parameters of a decoder by kernels; name is a key of formats.FORMATS."""
    form = FORMATS[name]
    layers = range(sum(tensor.endswith(MATRICES[0]) for tensor in tensors))

    def own(layer: int, names: tuple[str, ...]) -> list[StoredTensor]:
        return [tensors[f"transformer.h.{layer}.{name}"] for name in names]

    matrices = [matrix for layer in layers for matrix in own(layer, MATRICES)]
    matrices.append(tensors[TOKEN_EMBEDDING])  # the head
    shapes = [form.shape(*matrix.parameter_shape) for matrix in matrices]
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    block = large_pages(int(ends[-1]), form.dtype)
    kept = place(tensors, name) if name in QUANTIZED else None
    if kept is None or not read_into(kept, block):
        panels = map(np.reshape, np.split(block, ends[:-1]), shapes)
        arrays = (matrix.array() for matrix in matrices)
        with ThreadPoolExecutor(thread_count()) as pool:
            list(pool.map(form.pack, arrays, panels))  # list: raise what a thread raised
        if kept is not None:
            keep(kept, block)
    vectors = [np.concatenate([vector.array() for vector in own(n, VECTORS)]) for n in layers]
    others = {short: tensors[f"transformer.{long}"].array() for short, long in OTHERS.items()}
    return {
        **{short: np.ascontiguousarray(array) for short, array in others.items()},
        "vectors": np.stack(vectors),
        "panels": block[: ends[-2]].reshape(len(layers), -1),
        "head": block[ends[-2] :],
    }


def large_pages(count: int, dtype: type[np.generic]) -> np.ndarray:
    """Room for so many elements, not filled, from the beginning of a cache line.

    For a piece this large NumPy asks Linux for large pages (2 MB instead of 4 KB), and reading
    through large pages is up to twice as fast: see the book's chapter on speed.
    """
    bytes_ = np.empty(count * np.dtype(dtype).itemsize + CACHE_LINE, np.uint8)
    begin = -bytes_.ctypes.data % CACHE_LINE
    return bytes_[begin : begin + count * np.dtype(dtype).itemsize].view(dtype)
