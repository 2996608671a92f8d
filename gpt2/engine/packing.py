"""From a checkpoint's tensors to what the engine's layers multiply with."""

import math
from collections.abc import Mapping

import numpy as np

from gpt2.checkpoint.weights import StoredTensor
from gpt2.engine.quantize import BLOCKS, quantize_q4_0, quantize_q6_k
from solutions.solution_13 import load_weights, parameter_name

LANES = 16  # outputs in a panel
MULTIPLE = 32  # of rows, that MAX's quantized product wants
CACHE_LINE = 64  # bytes
TOKEN_EMBEDDING = "transformer.wte.weight"
HEAD = "transformer.wte.head"


def prepare(tensors: Mapping[str, StoredTensor], layout: str) -> dict[str, np.ndarray]:
    """The parameters of a decoder by their names; layout is a key of layouts.LAYOUTS."""
    if layout == "plain":
        return plain(tensors)
    return packed(tensors) if layout == "packed" else quantized(tensors, layout)


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


def packed(tensors: Mapping[str, StoredTensor]) -> dict[str, np.ndarray]:
    """The parameters with matrices in panels, for the layout `packed`."""
    matrices, others = _matrices_and_others(tensors)
    panels = one_block({name: panel_shape(matrix) for name, matrix in matrices.items()})
    for name, matrix in matrices.items():
        pack(matrix, panels[name])
    return others | panels


def quantized(tensors: Mapping[str, StoredTensor], encoding: str) -> dict[str, np.ndarray]:
    """The parameters with matrices of fewer bits, for the layouts `q4_0` and `q6_k`."""
    matrices, others = _matrices_and_others(tensors)
    if encoding == "q4_0":
        panels = one_block({n: q4_0_shape(matrix) for n, matrix in matrices.items()}, np.uint8)
        for name, matrix in matrices.items():
            pack_q4_0(quantize_q4_0(matrix), panels[name])
        return others | panels
    return others | {
        name: _fill_up(quantize_q6_k(matrix), MULTIPLE) for name, matrix in matrices.items()
    }


def _matrices_and_others(
    tensors: Mapping[str, StoredTensor],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The weights of linear layers, `[outputs, inputs]`, the head among them, and the rest."""
    matrices = {name: tensor.array() for name, tensor in tensors.items() if tensor.is_conv1d}
    others = {
        name: np.ascontiguousarray(tensor.array())
        for name, tensor in tensors.items()
        if name not in matrices
    }
    table = others[TOKEN_EMBEDDING]
    matrices[f"{HEAD}.weight"] = table
    others[f"{HEAD}.bias"] = np.zeros(len(table), np.float32)
    return matrices, others


def _fill_up(rows: np.ndarray, multiple: int) -> np.ndarray:
    """Adds rows of zeros up to a multiple."""
    more = -len(rows) % multiple
    return np.concatenate([rows, np.zeros((more, *rows.shape[1:]), rows.dtype)]) if more else rows


def q4_0_shape(matrix: np.ndarray) -> tuple[int, int, int]:
    """The shape of a matrix `[n, k]` in panels of Q4_0: `[n / 16 rounded up, k / 32, 288]`."""
    outputs, inputs = matrix.shape
    numbers, size = BLOCKS["q4_0"]
    return -(-outputs // LANES), inputs // numbers, LANES * size


def pack_q4_0(rows: np.ndarray, packed: np.ndarray) -> None:
    """Puts 16 quantized rows side by side.

    Args:
        rows: uint8 `[n, k / 32 * 18]`, as `quantize_q4_0` makes them.
        packed: uint8 `[n / 16 rounded up, k / 32, 288]`, to be filled: for each block the scales
            of 16 outputs, then the first four bytes of integers of each output, then the next
            four, and so on.
    """
    panels, count, size = packed.shape
    blocks = _fill_up(rows, LANES).reshape(panels, LANES, count, size // LANES)
    scales, integers = np.split(packed, [LANES * 2], axis=-1)
    scales.reshape(panels, count, LANES, 2)[:] = blocks[..., :2].swapaxes(1, 2)
    fours = blocks[..., 2:].reshape(panels, LANES, count, 4, 4)  # panel, output, block, part, byte
    integers.reshape(panels, count, 4, LANES, 4)[:] = fours.transpose(0, 2, 3, 1, 4)


def panel_shape(matrix: np.ndarray) -> tuple[int, int, int]:
    """The shape of a matrix `[n, k]` in panels: `[n / 16 rounded up, k, 16]`."""
    outputs, inputs = matrix.shape
    return -(-outputs // LANES), inputs, LANES


def pack(matrix: np.ndarray, panels: np.ndarray) -> None:
    """Writes a matrix `[n, k]` into panels: panels[p, i, lane] = matrix[16 * p + lane, i].

    Places beyond n become 0.
    """
    outputs, inputs = matrix.shape
    whole = outputs // LANES
    by_panel = matrix[: whole * LANES].reshape(whole, LANES, inputs)
    panels[:whole] = by_panel.swapaxes(1, 2)
    if whole < len(panels):
        panels[whole] = 0
        panels[whole, :, : outputs % LANES] = matrix[whole * LANES :].T


def one_block(
    shapes: Mapping[str, tuple[int, ...]], dtype: type[np.generic] = np.float32
) -> dict[str, np.ndarray]:
    """Room for arrays in one piece of memory.

    For a piece this large NumPy asks Linux for large pages (2 MB instead of 4 KB), and reading
    through large pages is up to twice as fast: see the book's chapter on speed.
    """
    step = CACHE_LINE // np.dtype(dtype).itemsize
    starts = np.cumsum([0, *(-(-math.prod(shape) // step) for shape in shapes.values())])
    block = np.empty(int(starts[-1]) * step, dtype)
    return {
        name: block[start * step :][: math.prod(shape)].reshape(shape)
        for (name, shape), start in zip(shapes.items(), starts, strict=False)
    }
