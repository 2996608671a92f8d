"""How the weights of linear layers lie in memory, in each format: panels of 16 outputs, or 32.

A kernel reads panels from front to back. Within a panel lie side by side what its outputs multiply
with the same number of x; or with the same 32, where a block format rounds so many together.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from max.dtype import DType

from gpt2.engine.quantize import BLOCKS, Q6_K, quantize_q4_0, quantize_q6_k, quantize_q8_0
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config

# Layouts without panels: MAX's own operations, on any device.
PLAIN = "plain"
BF16 = "bf16"
LANES = 16  # outputs in a panel
# The bytes of 16 outputs' blocks, in order. Integers lie in fours of an output.
Q4_0_PANEL = np.dtype([("scales", "<f2", LANES), ("pairs", np.uint8, (4, LANES, 4))])
Q8_0_PANEL = np.dtype([("scales", "<f2", LANES), ("integers", np.int8, (8, LANES, 4))])
Q6_K_PART = np.dtype(  # 32 numbers of each output
    [
        ("group_scales", np.int8, (2, LANES)),
        ("low_bits", np.uint8, (4, LANES, 4)),  # of numbers i and i + 16
        ("high_bits", np.uint8, (2, LANES, 4)),  # of numbers i, i + 8, i + 16, i + 24
    ]
)
Q6_K_PANEL = np.dtype([("scales", "<f2", LANES), ("parts", Q6_K_PART, 8)])


@dataclass(frozen=True)
class Format:
    """How weights are kept.

    Attributes:
        bits: of a weight, with its share of the scales.
        dtype: of a panel's elements.
        pack: fills panels of a shape that `shape` gives from a matrix, float32 `[n, k]`, which may
            be a transposed view. Places beyond n become 0.
        numbers: how many of a row are rounded together; 1 where none are.
        size: how many elements of a panel these take.
        lanes: outputs in a panel; numbers of two bytes have 32 in a line of memory.
    """

    bits: float
    dtype: type[np.generic]
    pack: Callable[[np.ndarray, np.ndarray], None]
    numbers: int = 1
    size: int = LANES
    lanes: int = LANES

    def count(self, outputs: int, inputs: int) -> int:
        """Elements of the panels of a matrix."""
        return math.prod(self.shape(outputs, inputs))

    def shape(self, outputs: int, inputs: int) -> tuple[int, int, int]:
        """Of panels: `[outputs / lanes rounded up, inputs / numbers, size]`."""
        return -(-outputs // self.lanes), inputs // self.numbers, self.size


def pack(matrix: np.ndarray, panels: np.ndarray) -> None:
    """Writes a matrix into panels: panels[p, i, lane] = matrix[lanes * p + lane, i]."""
    outputs, inputs = matrix.shape
    lanes = panels.shape[-1]
    whole = outputs // lanes
    by_panel = matrix[: whole * lanes].reshape(whole, lanes, inputs)
    panels[:whole] = by_panel.swapaxes(1, 2)
    if whole < len(panels):
        panels[whole] = 0
        panels[whole, :, : outputs % lanes] = matrix[whole * lanes :].T


def _pack_f16(matrix: np.ndarray, panels: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        pack(matrix, panels)
    if np.isinf(panels).any():
        largest = np.abs(matrix).max()
        raise UserError(f"weights of up to {largest:.2g} are too large for f16: leave it out")


def _pack_q8_0(matrix: np.ndarray, panels: np.ndarray) -> None:
    blocks = _by_panel(quantize_q8_0(matrix), BLOCKS["q8_0"][1])
    packed = panels.view(Q8_0_PANEL)[..., 0]  # [panels, k / 32]
    packed["scales"] = _first_two_bytes(blocks)
    packed["integers"] = _fours(blocks[..., 2:].view(np.int8))


def _pack_q4_0(matrix: np.ndarray, panels: np.ndarray) -> None:
    blocks = _by_panel(quantize_q4_0(matrix), BLOCKS["q4_0"][1])
    packed = panels.view(Q4_0_PANEL)[..., 0]
    packed["scales"] = _first_two_bytes(blocks)
    packed["pairs"] = _fours(blocks[..., 2:])


def _pack_q6_k(matrix: np.ndarray, panels: np.ndarray) -> None:
    blocks = _by_panel(quantize_q6_k(matrix), Q6_K.itemsize).view(Q6_K)[..., 0]
    packed = panels.view(Q6_K_PANEL)[..., 0]  # [panels, k / 256]
    packed["scales"] = blocks["scale"].swapaxes(1, 2)
    parts = packed["parts"]  # [panels, k / 256, 8]
    groups = blocks["group_scales"].reshape(*blocks.shape, 8, 2)
    parts["group_scales"] = groups.transpose(0, 2, 3, 4, 1)
    # Half a block is four quarters of 32: see `quantize._fill_q6_k`.
    low = blocks["low_bits"].reshape(*blocks.shape, 2, 1, 2, 32)
    low = np.concatenate([low & 15, low >> 4], axis=-3)
    high = blocks["high_bits"].reshape(*blocks.shape, 2, 1, 1, 32)
    high = high >> np.array([[0, 2], [4, 6]], np.uint8)[:, :, None] & 3
    low, high = (bits.reshape(*blocks.shape, 8, 32) for bits in (low, high))
    halves = low[..., :16] | low[..., 16:] << 4
    quarters = [high[..., i : i + 8] << i // 4 for i in range(0, 32, 8)]
    order = (0, 2, 3, 4, 1, 5)  # panel, block, part, four, output, byte
    parts["low_bits"] = halves.reshape(*halves.shape[:-1], 4, 4).transpose(order)
    high = quarters[0] | quarters[1] | quarters[2] | quarters[3]
    parts["high_bits"] = high.reshape(*high.shape[:-1], 2, 4).transpose(order)


def _by_panel(rows: np.ndarray, size: int) -> np.ndarray:
    """uint8 `[n, blocks * size]` -> `[n / 16 rounded up, 16, blocks, size]`."""
    more = -len(rows) % LANES
    if more:
        rows = np.concatenate([rows, np.zeros((more, rows.shape[1]), np.uint8)])
    return rows.reshape(-1, LANES, rows.shape[1] // size, size)


def _first_two_bytes(blocks: np.ndarray) -> np.ndarray:
    """Of each block, as a scale: float16 `[panels, blocks, 16]`."""
    scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16)
    return scales[..., 0].swapaxes(1, 2)


def _fours(integers: np.ndarray) -> np.ndarray:
    """`[panels, 16, blocks, numbers]` -> `[panels, blocks, numbers / 4, 16, 4]`."""
    return integers.reshape(*integers.shape[:-1], -1, 4).transpose(0, 2, 3, 1, 4)


FORMATS = {
    "float32": Format(32, np.float32, pack),
    "f16": Format(16, np.float16, _pack_f16, size=32, lanes=32),
    **{
        name: Format(8 * BLOCKS[name][1] / BLOCKS[name][0], np.uint8, pack_blocks, *size)
        for name, pack_blocks, size in (
            ("q8_0", _pack_q8_0, (32, Q8_0_PANEL.itemsize)),
            ("q6_k", _pack_q6_k, (256, Q6_K_PANEL.itemsize)),
            ("q4_0", _pack_q4_0, (32, Q4_0_PANEL.itemsize)),
        )
    },
}


def cache_dtype(layout: str) -> DType:
    """How keys and values are stored; layout is as for decoder.make_decoder."""
    if layout == BF16:
        return DType.bfloat16
    return DType.float32 if layout in (PLAIN, "float32") else DType.float16


# The tensors of a layer in the order in which a token meets them.
VECTORS = (
    "ln_1.weight",
    "ln_1.bias",
    "attn.c_attn.bias",
    "attn.c_proj.bias",
    "ln_2.weight",
    "ln_2.bias",
    "mlp.c_fc.bias",
    "mlp.c_proj.bias",
)
MATRICES = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")


def layer_sizes(config: GPT2Config, name: str) -> tuple[int, int]:
    """How many elements a layer's VECTORS have, and its MATRICES in a format."""
    width, inner = config.n_embd, config.inner_dim
    shapes = ((3 * width, width), (width, width), (inner, width), (width, inner))
    return 9 * width + inner, sum(FORMATS[name].count(*shape) for shape in shapes)


QUANTIZED = tuple(name for name in FORMATS if name != "float32")
