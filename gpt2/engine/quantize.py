"""Matrices in fewer bits: from float32 to ggml's block formats Q4_0, Q6_K and Q8_0.

A block format cuts each row into blocks of a few numbers, and stores a block as one scale and a
small integer for each number; a number is about scale * integer. The fewer numbers share a
scale, the better it fits them, and the more memory the scales take:

    Q4_0   32 numbers in 18 bytes: a scale (2) and 32 integers of 4 bits (16);
           8 * 18 / 32 = 4.5 bits per number.
    Q6_K   256 numbers in 210 bytes: a scale (2), 16 scales of that scale, one for each group of
           16 numbers (16), and 256 integers of 6 bits (192); 8 * 210 / 256 = 6.5625 bits.
    Q8_0   32 numbers in 34 bytes: a scale (2) and 32 integers of 8 bits (32); 8.5 bits.

Source of the layouts: block_q4_0, block_q6_K and block_q8_0 in ggml-common.h,
https://github.com/ggml-org/llama.cpp/tree/master/ggml/src
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gpt2.errors import UserError
from gpt2.threads import thread_count
from solutions.solution_17 import BLOCK, SIZE
from solutions.solution_17 import quantize_q4_0 as step_17

# The bytes of a block, in order; in brackets what ggml calls them.
Q6_K = np.dtype(
    [
        ("low_bits", np.uint8, 128),  # [ql] the lower 4 bits of two integers in a byte
        ("high_bits", np.uint8, 64),  # [qh] the upper 2 bits of four integers in a byte
        ("group_scales", np.int8, 16),  # [scales] in units of the next
        ("scale", "<f2"),  # [d]
    ]
)
Q8_0 = np.dtype([("scale", "<f2"), ("integers", np.int8, 32)])
# Numbers in a block, and its bytes.
BLOCKS = {
    "q8_0": (32, Q8_0.itemsize),
    "q6_k": (256, Q6_K.itemsize),
    "q4_0": (SIZE, BLOCK.itemsize),
}

GROUP = 16  # numbers of Q6_K with the same scale
# A scale of Q6_K is searched among this many integers on both sides of the obvious one. On normal
# numbers 4 make the error 9 % smaller; 8 would make it 11 % smaller, with twice the candidates.
SEARCH = 4
LARGEST_SCALE = 127 - SEARCH  # so that the search does not leave int8

# Numbers that a thread works on at a time: 1 MB, so that they and what is computed from them stay
# in the processor's cache. With far fewer, the threads mostly wait for each other, because
# Python lets only one at a time start NumPy's operations.
CHUNK = 1 << 18


def quantize_q4_0(matrix: np.ndarray) -> np.ndarray:
    """float32 `[n, k]` -> the blocks of its rows, uint8 `[n, k // 32 * 18]`.

    The bytes are those that ggml makes. The matrix may be a transposed view.

    Raises:
        ValueError: k is not a multiple of 32.
        UserError: a number is too large for a scale of 16 bits.
    """
    return _quantize(matrix, "q4_0", BLOCK, _fill_q4_0)


def quantize_q8_0(matrix: np.ndarray) -> np.ndarray:
    """float32 `[n, k]` -> the blocks of its rows, uint8 `[n, k // 32 * 34]`: ggml's bytes.

    Raises: as quantize_q4_0.
    """
    return _quantize(matrix, "q8_0", Q8_0, _fill_q8_0)


def quantize_q6_k(matrix: np.ndarray) -> np.ndarray:
    """float32 `[n, k]` -> the blocks of its rows, uint8 `[n, k // 256 * 210]`.

    The layout is ggml's; the scales are chosen differently, with a smaller squared error. The
    matrix may be a transposed view.

    Raises:
        ValueError: k is not a multiple of 256.
        UserError: a number is too large for a scale of 16 bits.
    """
    return _quantize(matrix, "q6_k", Q6_K, _fill_q6_k)


def _quantize(
    matrix: np.ndarray,
    name: str,
    layout: np.dtype,
    fill: Callable[[np.ndarray, np.ndarray], None],
) -> np.ndarray:
    """Lets fill(rows, their blocks) work on a few rows at a time, on all threads."""
    size, _ = BLOCKS[name]
    if matrix.ndim != 2 or matrix.shape[1] == 0 or matrix.shape[1] % size:
        raise ValueError(
            f"a matrix {list(matrix.shape)} does not fit {name}: "
            f"it has to be [n, k] with k a multiple of {size}"
        )
    n, k = matrix.shape
    blocks = np.empty((n, k // size), layout)
    step = max(1, CHUNK // k)

    def fill_chunk(start: int) -> None:
        chunk = slice(start, start + step)
        # What does not fit becomes infinite; where a scale is too small, integers do not matter.
        with np.errstate(over="ignore", invalid="ignore"):
            fill(matrix[chunk], blocks[chunk])

    with ThreadPoolExecutor(thread_count()) as pool:
        list(pool.map(fill_chunk, range(0, n, step)))  # list: raise what a thread raised
    if not np.isfinite(blocks["scale"]).all():
        raise UserError(
            f"weights of up to {np.abs(matrix).max():.2g} are too large for {name}, whose scales "
            "have 16 bits: leave --quantize out"
        )
    return blocks.view(np.uint8)


def _fill_q4_0(rows: np.ndarray, blocks: np.ndarray) -> None:
    blocks.view(np.uint8)[:] = step_17(_upright(rows))


def _fill_q8_0(rows: np.ndarray, blocks: np.ndarray) -> None:
    numbers = _upright(rows).reshape(*blocks.shape, 32)
    scales = np.abs(numbers).max(axis=-1) / 127
    blocks["scale"] = scales
    magnitudes = np.abs(numbers) * _inverse(scales)[..., None]
    whole = np.floor(magnitudes)
    whole += magnitudes - whole >= 0.5  # a half is rounded away from 0
    blocks["integers"] = np.copysign(whole, numbers)


def _upright(rows: np.ndarray) -> np.ndarray:
    """A copy of rows as they follow each other, made as fast of a transposed view."""
    upright = np.empty(rows.shape, np.float32)
    for start in range(0, rows.shape[1], 16):  # numbers of a cache line, of such a view
        upright[:, start : start + 16] = rows[:, start : start + 16]
    return upright


def _fill_q6_k(rows: np.ndarray, blocks: np.ndarray) -> None:
    numbers = _side_by_side(rows, GROUP)
    # 6 bits hold -32 to 31: a group's number furthest from 0 becomes -32, whatever its sign.
    wanted = _furthest_from_zero(numbers) / -32  # [k // 16, rows]
    largest = np.abs(wanted).reshape(-1, 16, len(rows)).max(axis=1)  # [k // 256, rows]
    blocks["scale"] = (largest / LARGEST_SCALE).T

    # From here on everything is in units of the block's scale, as 16 bits hold it.
    unit = blocks["scale"].T.astype(np.float32).repeat(16, axis=0)  # [k // 16, rows]
    numbers *= _inverse(unit)
    # In the smallest numbers of 16 bits the unit may be so inexact that a scale is too large.
    wanted = np.rint(wanted * _inverse(unit)).clip(-LARGEST_SCALE, LARGEST_SCALE)
    scales = _search_scales(numbers, wanted)
    blocks["group_scales"] = scales.T.reshape(*blocks.shape, 16)

    integers = (_integers(numbers, scales) + 32).astype(np.uint8)  # 0 to 63
    # Half a block is four quarters of 32 integers. A byte of low bits has the same place in the
    # first and the third quarter, or the second and the fourth; one of high bits in all four.
    quarters = integers.T.reshape(*blocks.shape, 2, 4, 32)
    low, high = quarters & 15, quarters >> 4
    low = low[..., :2, :] | low[..., 2:, :] << 4
    high = high[..., 0, :] | high[..., 1, :] << 2 | high[..., 2, :] << 4 | high[..., 3, :] << 6
    blocks["low_bits"] = low.reshape(*blocks.shape, 128)
    blocks["high_bits"] = high.reshape(*blocks.shape, 64)


def _search_scales(numbers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """For each group the integer near its scale that makes the squared error smallest."""
    candidates = scales + np.arange(-SEARCH, SEARCH + 1, dtype=np.float32)[:, None, None]
    errors = [
        np.square(numbers - scale * _integers(numbers, scale)).sum(axis=0) for scale in candidates
    ]
    best = np.argmin(errors, axis=0)
    return np.take_along_axis(candidates, best[None], axis=0)[0]


def _integers(numbers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """What Q6_K stores for numbers, from -32 to 31, still float32."""
    return np.rint(numbers * _inverse(scales)).clip(-32, 31)


def _side_by_side(rows: np.ndarray, size: int) -> np.ndarray:
    """Copies rows `[rows, k]` so that groups of size lie side by side: `[size, k // size, rows]`.

    An operation on one number of every group, or with one scale for every group, then runs
    along memory. Rows of a transposed view are copied as fast as others, or faster.
    """
    groups = rows.T.reshape(-1, size, len(rows))
    return np.array(groups.swapaxes(0, 1), np.float32, order="C")


def _furthest_from_zero(numbers: np.ndarray) -> np.ndarray:
    """Of each group the number with the largest magnitude, the first if there are several."""
    first = np.abs(numbers).argmax(axis=0)
    return np.take_along_axis(numbers, first[None], axis=0)[0]


def _inverse(scales: np.ndarray) -> np.ndarray:
    """1 / scales, and 0 where a scale is 0 or too small for that: all integers are 0 then."""
    with np.errstate(divide="ignore", over="ignore"):
        inverse = 1 / scales
    return np.where(np.isfinite(inverse), inverse, 0)
