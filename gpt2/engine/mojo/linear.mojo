"""A product with weights that lie in panels, read from front to back.

Generating text multiplies huge matrices with a row or a few: the arithmetic is nothing, and
reading the weights is everything. A panel is read in the order in which it lies in memory,
which the processor foresees, and once: while it is in the cache, all rows are multiplied.
"""

from .epilogue import Epilogue
from .product import LANES, Numbers, PANELS, ROWS, Stored, multiply
from .solution_20 import multiply as multiply_row
from .team import Member


def linear[
    dtype: DType
](mut member: Member, epilogue: Epilogue, x: Numbers, panels: Stored[dtype], rows: Int, k: Int):
    """Multiplies x `[rows, k]` with panels `[n / 16, k, 16]`, and hands the sums to the epilogue.

    Where n is no multiple of 16, the last panel is filled up.
    """
    var count = (epilogue.n + LANES - 1) // LANES
    var share = member.share_of(count)
    share += share % PANELS  # several at a time, where there are many rows

    def work(piece: Int) {imm}:
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
                    epilogue.store(row + r, (first + p) * LANES, sums[r * PANELS + p])

        # ANCHOR: one
        @__parameter
        @always_inline
        def fill_one(row: Int, first: Int):
            """The same for one row and one panel: step 20, where weights are float32."""
            comptime if dtype == DType.float32:
                var panel = panels.unsafe_offset(first * k * LANES).unsafe_bitcast[Float32]()
                epilogue.store(row, first * LANES, multiply_row(x.unsafe_offset(row * k), panel, k))
            else:
                fill[1, 1](row, first)
            # ANCHOR_END: one

        @__parameter
        @always_inline
        def fill_all_rows[PANELS: Int](first: Int):
            var row = 0
            comptime for some in [8, 6, 4, 2]:
                comptime if some <= ROWS:
                    while row + some <= rows:
                        fill[some, PANELS](row, first)
                        row += some
            if row < rows:
                comptime if PANELS == 1:
                    fill_one(row, first)
                else:
                    fill[1, PANELS](row, first)

        var panel = piece * share
        var end = min(panel + share, count)
        while rows >= ROWS and panel + PANELS <= end:
            fill_all_rows[PANELS](panel)
            panel += PANELS
        while panel < end:
            fill_all_rows[1](panel)
            panel += 1

    member.share((count + share - 1) // share, work)
