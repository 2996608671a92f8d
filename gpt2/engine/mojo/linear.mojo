"""A product with weights that lie in panels, read from front to back.

Generating text multiplies huge matrices with a row or a few: the arithmetic is nothing, and
reading the weights is everything. A panel is read in the order in which it lies in memory,
which the processor foresees, and once: while it is in the cache, all rows are multiplied.
"""

from std.sys import size_of

from .epilogue import Epilogue
from .product import LANES, Lanes, Numbers, PANELS, ROWS, Stored, add_products
from .solution_20 import multiply as multiply_row
from .team import Member

# Outputs in a panel: as many as share a line of memory, so that one row of x has two sums at
# work, too, where weights are short; a sum by itself waits for its own last addition.
comptime line[dtype: DType] = 64 // size_of[dtype]()


def linear[
    dtype: DType
](mut member: Member, epilogue: Epilogue, x: Numbers, panels: Stored[dtype], rows: Int, k: Int):
    """Multiplies x `[rows, k]` with panels `[n / line, k, line]`; the last is filled up."""
    comptime LINE = line[dtype]
    comptime PARTS = LINE // LANES  # of a panel, each of 16 outputs
    var count = (epilogue.n + LINE - 1) // LINE * PARTS
    var share = member.share_of(count)
    share += share % 2  # whole panels, and two, where there are many rows

    def work(piece: Int) {imm}:
        @__parameter
        @always_inline
        def fill[ROWS: Int, PANELS: Int](row: Int, first: Int):
            """Computes rows from row, and parts of panels from first, of the output."""
            var panel, part = divmod(first, PARTS)
            var sums = Array[Lanes, ROWS * PANELS](fill=0)
            add_products[ROWS, PANELS](
                sums,
                x.unsafe_offset(row * k),
                k,
                panels.unsafe_offset(panel * k * LINE + part * LANES),
                LANES if PARTS > 1 else k * LANES,
                LINE,
                k,
            )
            comptime for r in range(ROWS):
                comptime for p in range(PANELS):
                    epilogue.store(row + r, (first + p) * LANES, sums[r * PANELS + p])

        @__parameter
        @always_inline
        def fill_all_rows[PANELS: Int](first: Int):
            var row = 0
            comptime for some in [8, 6, 4, 2, 1]:
                comptime if some <= ROWS:
                    while row + some <= rows:
                        fill[some, PANELS](row, first)
                        row += some

        var first = piece * share
        var end = min(first + share, count)
        if rows == 1:
            # ANCHOR: one
            for place in range(first, end, PARTS):
                comptime if dtype == DType.float32:  # step 20's product
                    var panel = panels.unsafe_offset(place * k * LANES).unsafe_bitcast[Float32]()
                    epilogue.store(0, place * LANES, multiply_row(x, panel, k))
                else:
                    fill[1, PARTS](0, place)
            # ANCHOR_END: one
            return
        while (rows >= ROWS or PARTS == PANELS) and first + PANELS <= end:
            fill_all_rows[PANELS](first)
            first += PANELS
        while first < end:
            fill_all_rows[1](first)
            first += 1

    member.share((count + share - 1) // share, work)
