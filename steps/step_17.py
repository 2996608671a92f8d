"""Step 17: weights of fewer bits.

Check it with `pixi run s17` or `uv run gpt2 check 17`;
`gpt2 hint 17` helps. Its chapter is book/src/step_17.md.

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
    # TODO 1 of 4: for each block find the number furthest from 0, then scale and integers;
    #   round by adding a half and cutting off what is behind the point.
    #   NumPy: np.argmax, np.take_along_axis, np.where, np.minimum, ndarray.astype, the operators
    #   | and <<, np.empty with the dtype BLOCK, ndarray.view
    raise NotImplementedError("Step 17, TODO 1 of 4")


def unpack_q4_0(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Takes blocks apart.

    Args:
        blocks: uint8 `[n, k / 32 * 18]`, as `quantize_q4_0` makes them.

    Returns:
        scales: float32 `[n, k / 32]`.
        integers: int32 `[n, k / 32, 32]`, from -8 to 7, in the order of the numbers.
    """
    # TODO 2 of 4: take the halves of the bytes apart, put them one behind the other, and
    #   subtract 8.
    #   NumPy: ndarray.view, the operators & and >>, np.concatenate, ndarray.astype
    raise NotImplementedError("Step 17, TODO 2 of 4")


def dequantize_q4_0(blocks: np.ndarray) -> np.ndarray:
    """The blocks of rows, uint8 `[n, k / 32 * 18]` -> float32 `[n, k]`: scale * integer."""
    # TODO 3 of 4: multiply the integers of each block with its scale.
    raise NotImplementedError("Step 17, TODO 3 of 4")


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
    # TODO 4 of 4: round x; add up the products of integers of each block; then multiply each
    #   sum with both scales, and add the blocks up.
    #   NumPy: np.abs, ndarray.max, np.where, np.rint, ndarray.astype, ndarray.sum
    raise NotImplementedError("Step 17, TODO 4 of 4")
