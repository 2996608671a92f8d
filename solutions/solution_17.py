"""Step 17: weights of fewer bits.

Writing a token reads every weight once, so weights of an eighth of the bits can be read
eight times as fast. Q4_0 cuts each row into blocks of 32 numbers, and keeps of a block
one scale and 32 integers of four bits: a number is about scale * integer.
"""

# ANCHOR: code (the book shows what follows)
import numpy as np

SIZE = 32  # numbers in a block
BLOCK = np.dtype([("scale", np.float16), ("integers", np.uint8, 16)])  # 18 bytes


def quantize_q4_0(matrix: np.ndarray) -> np.ndarray:
    """float32 `[n, k]` -> the blocks of its rows, uint8 `[n, k / 32 * 18]`: ggml's bytes.

    Four bits hold the integers -8 to 7. The scale is such that the number of a block which is
    furthest from 0 (the first, if there are several) becomes exactly -8, whatever its sign. The
    others are multiplied with 1 / scale and rounded, a half upwards; what would be 8 becomes 7.
    Of a block of zeros the scale is 0, and so are all integers.

    The scale is stored as float16, but the integers are made with the exact one. An integer is
    stored with 8 added; the 16 bytes have the first 16 numbers in their lower halves, and the
    last 16 in their upper halves.

    Source: `quantize_row_q4_0_ref` in ggml-quants.c, https://github.com/ggml-org/llama.cpp
    """
    # BEGIN SOLUTION: for each block find the number furthest from 0, then scale and integers;
    #   round by adding a half and cutting off what is behind the point.
    #   NumPy: np.argmax, np.take_along_axis, np.where, np.minimum, ndarray.astype, the operators
    #   | and <<, np.empty with the dtype BLOCK, ndarray.view
    numbers = matrix.reshape(len(matrix), -1, SIZE)  # [n, k / 32, 32]
    furthest = np.abs(numbers).argmax(axis=-1)[..., None]
    scales = np.take_along_axis(numbers, furthest, axis=-1) / -8  # [n, k / 32, 1]
    inverse = 1 / np.where(scales == 0, 1, scales)
    integers = np.minimum((numbers * inverse + 8.5).astype(np.uint8), 15)
    blocks = np.empty(numbers.shape[:2], BLOCK)
    blocks["scale"] = scales[..., 0]
    blocks["integers"] = integers[..., :16] | integers[..., 16:] << 4
    return blocks.view(np.uint8)
    # END SOLUTION


def unpack_q4_0(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Takes blocks apart.

    Args:
        blocks: uint8 `[n, k / 32 * 18]`, as `quantize_q4_0` makes them.

    Returns:
        scales: float32 `[n, k / 32]`.
        integers: int32 `[n, k / 32, 32]`, from -8 to 7, in the order of the numbers.
    """
    # BEGIN SOLUTION: take the halves of the bytes apart, put them one behind the other, and
    #   subtract 8.
    #   NumPy: ndarray.view, the operators & and >>, np.concatenate, ndarray.astype
    blocks = blocks.view(BLOCK)  # [n, k / 32]
    halves = [blocks["integers"] & 15, blocks["integers"] >> 4]
    integers = np.concatenate(halves, axis=-1).astype(np.int32) - 8
    return blocks["scale"].astype(np.float32), integers
    # END SOLUTION


def dequantize_q4_0(blocks: np.ndarray) -> np.ndarray:
    """The blocks of rows, uint8 `[n, k / 32 * 18]` -> float32 `[n, k]`: scale * integer."""
    # BEGIN SOLUTION: multiply the integers of each block with its scale.
    scales, integers = unpack_q4_0(blocks)
    numbers = scales[..., None] * integers.astype(np.float32)  # [n, k / 32, 32]
    return numbers.reshape(len(blocks), -1)
    # END SOLUTION


def q4_0_product(blocks: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Multiplies quantized rows with a vector, by integers as far as possible.

    Processors multiply small integers faster than floats, and so x is rounded as well: each 32
    of its numbers to integers of 8 bits, with a scale of their own that makes the largest
    magnitude 127. 32 products of integers are added up exactly, and meet both scales once.

    Args:
        blocks: uint8 `[n, k / 32 * 18]`.
        x: float32 `[k]`.

    Returns:
        float32 `[n]`, about the matrix times x.

    Source: `ggml_vec_dot_q4_0_q8_0` in ggml's quants.c.
    """
    # BEGIN SOLUTION: round x; add up the products of integers of each block; then multiply each
    #   sum with both scales, and add the blocks up.
    #   NumPy: np.abs, ndarray.max, np.where, np.rint, ndarray.astype, ndarray.sum
    x = x.reshape(-1, SIZE)  # [k / 32, 32]
    x_scales = np.abs(x).max(axis=-1) / 127  # [k / 32]
    divisors = np.where(x_scales == 0, 1, x_scales)[:, None]
    x_integers = np.rint(x / divisors).astype(np.int32)
    scales, integers = unpack_q4_0(blocks)
    sums = (integers * x_integers).sum(axis=-1)  # [n, k / 32]
    return (sums.astype(np.float32) * scales * x_scales).sum(axis=-1)
    # END SOLUTION
