"""Step 17: weights of fewer bits."""

import numpy as np

from course.lesson import Kind, Lesson, Misconception
from course.lessons.blocks import (
    dequantize,
    halves_of_a_step,
    mixed_x,
    multiply,
    normal,
    quantize,
    two_furthest,
    unpack,
)

ROW = "matrix.reshape(len(matrix), -1, SIZE)"
FURTHEST = "np.abs(numbers).argmax(axis=-1)[..., None]"
SCALES = "np.take_along_axis(numbers, furthest, axis=-1) / -8"
INVERSE = "inverse = 1 / np.where(scales == 0, 1, scales)"
ROUNDED = "(numbers * inverse + 8.5).astype(np.uint8)"
INTEGERS = f"np.minimum({ROUNDED}, 15)"
STORED = "scales[..., 0]"
BYTES = "integers[..., :16] | integers[..., 16:] << 4"
HALVES = 'halves = [blocks["integers"] & 15, blocks["integers"] >> 4]'
UNPACKED = "np.concatenate(halves, axis=-1).astype(np.int32) - 8"
PRODUCT = "scales[..., None] * integers.astype(np.float32)"
X_SCALES = "np.abs(x).max(axis=-1) / 127"
X_INTEGERS = "np.rint(x / divisors).astype(np.int32)"
SUMS = "(integers * x_integers)"
SCALED = "(sums.astype(np.float32) * scales * x_scales)"

FIRST = "Two numbers are equally far from 0: the first of them becomes -8."


LESSON = Lesson(
    number=17,
    title="Weights of fewer bits",
    defines={
        "quantize_q4_0": Kind.FUNCTION,
        "unpack_q4_0": Kind.FUNCTION,
        "dequantize_q4_0": Kind.FUNCTION,
        "q4_0_product": Kind.FUNCTION,
    },
    hints=(
        "A block is 32 numbers that lie side by side in a row. The one furthest from 0 is to be "
        "-8, so the scale is an eighth of it, with the other sign. Then every number is counted in "
        "scales, and rounded. Unpacking goes the way back. In the product, integers meet integers; "
        "the scales come in once for each block.",
        "`reshape` gives the blocks an axis. `argmax` of the magnitudes says where the furthest "
        "number is, and `np.take_along_axis` fetches it. `astype(np.uint8)` cuts off what is "
        "behind the point. `np.empty(shape, BLOCK)` has the fields `scale` and `integers`; "
        "`view(np.uint8)` shows it as bytes, `view(BLOCK)` shows bytes as blocks. `low | high << "
        "4` joins halves, `& 15` and `>> 4` take them apart.",
        "numbers is `[n, k / 32, 32]`. The integers are `numbers * inverse + 8.5`, cut off, and 15 "
        "at most; before 1 is divided by a scale of 0, np.where makes it 1. The bytes join "
        "`[..., :16]` and `[..., 16:]`. Widen to int32 before you subtract 8. x, as `[k / 32, 32]` "
        "and divided by its scales, goes through np.rint; sum the products over the last axis, "
        "scale, and sum again.",
    ),
    kernels=0,
    experiments=(
        quantize("4 rows of 32 numbers", normal(4, 32, seed=1)),
        quantize("2 rows of 96 numbers", normal(2, 96, seed=2) * np.linspace(1, 9, 96, dtype="f")),
        quantize("halves of a step", halves_of_a_step()),
        quantize("two numbers furthest from 0", two_furthest()),
        quantize("numbers of about 1e-6", normal(3, 32, seed=3) * np.float32(1e-6)),
        quantize("a row of zeros", np.stack([np.zeros(32, "f"), normal(32, seed=7)])),
        unpack(0, ("row", "block")),
        unpack(1, ("row", "block", "number")),
        dequantize(3, 2),
        multiply("64 numbers", 3, normal(64, seed=8)),
        multiply("blocks of many sizes", 5, mixed_x()),
    ),
    misconceptions=(
        Misconception(
            "The scale is made from the magnitude alone. A furthest number above 0 then becomes 8, "
            "which four bits do not have: it is to be -8, whatever its sign.",
            {SCALES: "np.abs(numbers).max(axis=-1, keepdims=True) / 8"},
        ),
        Misconception(
            "The largest magnitude becomes 7, and -8 is never used: that wastes one of 16 levels. "
            "The number furthest from 0 is to be -8.",
            {SCALES: "np.abs(numbers).max(axis=-1, keepdims=True) / 7"},
        ),
        Misconception(
            "The number furthest from 0 becomes 8, which four bits do not have: it is to be -8, so "
            "the scale has the other sign.",
            {SCALES: "np.take_along_axis(numbers, furthest, axis=-1) / 8"},
        ),
        Misconception(
            "This is the largest number: furthest from 0 may be one below it.",
            {FURTHEST: "numbers.argmax(axis=-1)[..., None]"},
        ),
        Misconception(
            "The scale divides the range from the smallest number to the largest. Formats that "
            "also store the smallest do so, like Q4_1; here 0 has to stay 0.",
            {SCALES: "(numbers.max(-1, keepdims=True) - numbers.min(-1, keepdims=True)) / 15"},
        ),
        Misconception(
            FIRST, {FURTHEST: "(31 - np.abs(numbers)[..., ::-1].argmax(axis=-1))[..., None]"}
        ),
        *(
            Misconception(
                FIRST,
                {
                    SCALES: "numbers.max(axis=-1, keepdims=True); lo = numbers.min(axis=-1, "
                    f"keepdims=True); scales = np.where(scales {than} -lo, scales, lo) / -8"
                },
            )
            for than in (">", ">=")
        ),
        Misconception(
            "One scale serves a whole row: each block of 32 numbers has its own, so that a large "
            "number spoils 31 others and no more.",
            {
                FURTHEST: "np.abs(matrix).argmax(axis=1)",
                SCALES: "matrix[np.arange(len(matrix)), furthest][:, None, None].repeat("
                "numbers.shape[1], axis=1) / -8",
            },
        ),
        Misconception(
            "The blocks run down the columns: they are pieces of rows, since a product goes along "
            "a row.",
            {ROW: "matrix.T.reshape(len(matrix), -1, SIZE)"},
        ),
        Misconception(
            "The integers are made with the scale as float16 has it: they belong to the exact one.",
            {INVERSE: f"scales = scales.astype(np.float16).astype(np.float32); {INVERSE}"},
        ),
        Misconception(
            "A block of zeros is divided by its scale, which is 0: all its integers are 0, stored "
            "as 8.",
            {INVERSE: "inverse = 1 / scales"},
        ),
        Misconception(
            "A half goes to the even neighbour, as np.rint and round have it: here it goes up.",
            {ROUNDED: "(np.rint(numbers * inverse) + 8).astype(np.uint8)"},
        ),
        Misconception(
            "A half goes away from 0, as C's round has it: here it goes up.",
            {
                ROUNDED: "(np.sign(numbers * inverse) * "
                "np.floor(np.abs(numbers * inverse) + 0.5) + 8).astype(np.uint8)"
            },
        ),
        Misconception(
            "What is behind the point is cut off, and nothing was added before: that rounds down.",
            {ROUNDED: "(numbers * inverse + 8).astype(np.uint8)"},
        ),
        Misconception(
            "16 takes a fifth bit, and spoils the other half of its byte or is lost: what would be "
            "8 becomes 7, stored as 15.",
            {INTEGERS: ROUNDED},
        ),
        Misconception(
            "What would be 8 becomes -8, at the other end: it is to be 7.",
            {INTEGERS: f"{ROUNDED} & 15"},
        ),
        Misconception(
            "The integers are stored as two's complement: this format adds 8, so that none is "
            "negative.",
            {INTEGERS: f"(np.minimum({ROUNDED}, 15) - np.uint8(8)) & 15"},
        ),
        Misconception(
            "What is stored is 1 / scale: to read a number back, it is to be multiplied with the "
            "scale.",
            {STORED: "inverse[..., 0]"},
        ),
        Misconception(
            "The scale is stored without its sign, and half of the blocks come back negated.",
            {STORED: "np.abs(scales[..., 0])"},
        ),
        Misconception(
            "Neighbours share a byte. In ggml's blocks number 0 shares it with number 16: the "
            "first 16 are in the lower halves, the last 16 in the upper ones.",
            {BYTES: "integers[..., ::2] | integers[..., 1::2] << 4"},
        ),
        Misconception(
            "The halves of the bytes are swapped: the lower ones have the first 16 numbers.",
            {BYTES: "integers[..., 16:] | integers[..., :16] << 4"},
        ),
        Misconception(
            "These are blocks, as NumPy's records: what is asked for are their bytes.",
            {"return blocks.view(np.uint8)": "return blocks"},
        ),
        Misconception(
            "The integers come in pairs, as they lie in the bytes: the 16 lower halves come first, "
            "and then the 16 upper ones.",
            {"np.concatenate(halves, axis=-1)": "np.stack(halves, -1).reshape(*blocks.shape, 32)"},
        ),
        Misconception(
            "The upper halves come first: the first 16 numbers are in the lower ones.",
            {HALVES: HALVES + "[::-1]"},
        ),
        Misconception(
            "The upper halves are not moved down: they are 16 times too large.",
            {HALVES: HALVES.replace(">> 4", "& 240")},
        ),
        Misconception(
            "8 is not subtracted: it was added so that no stored integer is negative.",
            {UNPACKED: "np.concatenate(halves, axis=-1).astype(np.int32)"},
        ),
        Misconception(
            "uint8 has no negative numbers: 3 - 8 becomes 251. Widen the integers before 8 is "
            "subtracted.",
            {UNPACKED: "(np.concatenate(halves, axis=-1) - np.uint8(8)).astype(np.int32)"},
        ),
        Misconception(
            "They are read as two's complement: what is stored is the integer with 8 added.",
            {UNPACKED: "(np.concatenate(halves, axis=-1).astype(np.int32) ^ 8) - 8"},
        ),
        Misconception(
            "The scales are still float16, and what is computed with them would be, too.",
            {'return blocks["scale"].astype(np.float32)': 'return blocks["scale"]'},
        ),
        Misconception(
            "It divides by the scale: a number is scale * integer.",
            {PRODUCT: "integers.astype(np.float32) / scales[..., None]"},
        ),
        Misconception(
            "The numbers still lie in blocks: each row is to be k numbers again.",
            {"return numbers.reshape(len(blocks), -1)": "return numbers"},
        ),
        Misconception(
            "x is not rounded: its integers have 8 bits, so that integers meet integers.",
            {X_INTEGERS: "x / divisors"},
        ),
        Misconception(
            "What is behind the point of x is cut off: it is to be rounded.",
            {X_INTEGERS: "(x / divisors).astype(np.int32)"},
        ),
        Misconception(
            "One scale serves the whole of x: each 32 numbers have their own.",
            {X_SCALES: "np.abs(x).max().repeat(len(x)) / 127"},
        ),
        Misconception(
            "The largest magnitude of x becomes 128: integers of 8 bits end at 127.",
            {X_SCALES: "np.abs(x).max(axis=-1) / 128"},
        ),
        Misconception(
            "x's scale is made from its largest number: one below 0 may have a larger magnitude.",
            {X_SCALES: "x.max(axis=-1) / 127"},
        ),
        Misconception(
            "x's scale is rounded to float16, as ggml's Q8_0 stores it: here it is stored nowhere, "
            "and stays as it is.",
            {X_SCALES: f"({X_SCALES}).astype(np.float16).astype(np.float32)"},
        ),
        Misconception(
            "Products of int8 are int8, and most do not fit: widen one of the two before they "
            "meet.",
            {SUMS: "(integers.astype(np.int8) * x_integers.astype(np.int8))"},
        ),
        Misconception(
            "The scales of the weights are missing from the sums.",
            {SCALED: "(sums.astype(np.float32) * x_scales)"},
        ),
        Misconception(
            "The scales of x are missing from the sums.",
            {SCALED: "(sums.astype(np.float32) * scales)"},
        ),
        Misconception(
            "The blocks are added up before they are scaled: each has scales of its own.",
            {SCALED + ".sum(axis=-1)": "sums.sum(axis=-1) * scales[:, 0] * x_scales[0]"},
        ),
        Misconception(
            "Integers of 32 bits or more times float32 are float64 in NumPy: turn the sums into "
            "float32 first.",
            {SCALED: "(sums * scales * x_scales)"},
        ),
    ),
)
