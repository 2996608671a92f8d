"""A linear layer whose weights lie in panels, read from front to back.

Generating text multiplies huge matrices with a row or a few: the arithmetic is nothing, and
reading the weights is everything. A panel is read in the order in which it lies in memory,
which the processor foresees, and once: while it is in the cache, all rows are multiplied.
"""

from extensibility import InputTensor, OutputTensor, register
from max.algorithm.backend.cpu.parallelize import sync_parallelize
from max.runtime.asyncrt import parallelism_level

from .product import LANES, Numbers, multiply, store_with_bias


@register("packed_linear")
struct PackedLinear:
    """The product of x `[rows, k]` and panels `[n / 16, k, 16]`, plus bias `[n]`: `[rows, n]`.

    Where n is no multiple of 16, the last panel is filled up.
    """

    @staticmethod
    def execute[
        target: StaticString
    ](
        output: OutputTensor[dtype=DType.float32, rank=2, ...],
        x: InputTensor[dtype=DType.float32, rank=2, ...],
        panels: InputTensor[dtype=DType.float32, rank=3, ...],
        bias: InputTensor[dtype=DType.float32, rank=1, ...],
    ) raises:
        linear(
            output.unsafe_ptr(),
            x.unsafe_ptr(),
            panels.unsafe_ptr(),
            bias.unsafe_ptr(),
            x.dim_size(0),
            x.dim_size(1),
            bias.dim_size(0),
        )


def linear(
    output: Numbers, x: Numbers, panels: Numbers, bias: Numbers, rows: Int, k: Int, n: Int
):
    var count = (n + LANES - 1) // LANES
    var threads = parallelism_level(None)
    var share = (count + threads - 1) // threads
    share += share % 2  # two panels at a time, where there are many rows

    def work(thread: Int) {imm}:
        @__parameter
        @always_inline
        def fill[ROWS: Int, PANELS: Int](row: Int, first: Int):
            """Computes rows from row, and panels from first, of the output."""
            var sums = multiply[ROWS, PANELS](
                x.unsafe_offset(row * k),
                k,
                panels.unsafe_offset(first * k * LANES),
                k * LANES,
                LANES,
                k,
            )
            comptime for r in range(ROWS):
                comptime for p in range(PANELS):
                    store_with_bias(
                        output.unsafe_offset((row + r) * n),
                        sums[r * PANELS + p],
                        bias,
                        (first + p) * LANES,
                        n,
                    )

        @__parameter
        @always_inline
        def fill_all_rows[PANELS: Int](first: Int):
            var row = 0
            while row + 8 <= rows:
                fill[8, PANELS](row, first)
                row += 8
            while row + 4 <= rows:
                fill[4, PANELS](row, first)
                row += 4
            while row < rows:
                fill[1, PANELS](row, first)
                row += 1

        var panel = thread * share
        var end = min(panel + share, count)
        while rows >= 8 and panel + 2 <= end:
            fill_all_rows[2](panel)
            panel += 2
        while panel < end:
            fill_all_rows[1](panel)
            panel += 1

    sync_parallelize(work, threads)
