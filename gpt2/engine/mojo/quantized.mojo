"""A product with quantized weights.

Both factors are small integers: the weights, and x rounded to 8 bits with a scale for each 32
numbers, as llama.cpp does it. So up to 32 products are added without rounding, and the scales
come last.
"""

from std.sys import CompilationTarget

from .dot import Fours, WIDTH, add_four_products
from .epilogue import Epilogue
from .formats import BLOCK, FOURS, Format, Panel, Scales
from .product import LANES, Lanes, Numbers, REGISTERS
from .team import Member

comptime PIECE = 256  # blocks of x that one thread rounds at a time
comptime PARTS = LANES // WIDTH  # registers for 16 outputs
# Rows of x that are multiplied with weights while these are unpacked: as many as have their sums
# in registers, beside the weights and what a product takes.
comptime ROWS = 16 if REGISTERS // PARTS == 32 else 4


struct Rounded(Movable):
    """Room for numbers rounded to 8 bits: for each block its integers, its scale, and offsets.

    What stands for a weight of 0 may be more than 0: an offset takes that back, for each group
    of weights with a scale.
    """

    var integers: List[Int8]
    var scales: List[Float32]
    var offsets: List[Int32]

    def __init__(out self, numbers: Int):
        self.integers = List[Int8](unsafe_uninit_length=numbers)
        self.scales = List[Float32](unsafe_uninit_length=numbers // BLOCK)
        self.offsets = List[Int32](unsafe_uninit_length=2 * numbers // BLOCK)

    def fill[F: Format](self, mut member: Member, x: Numbers, blocks: Int):
        """Rounds the numbers of x, for weights of a format."""
        var integers = self.integers.unsafe_ptr().unsafe_mut_cast[True]()
        var scales = self.scales.unsafe_ptr().unsafe_mut_cast[True]()
        var offsets = self.offsets.unsafe_ptr().unsafe_mut_cast[True]()

        def work(piece: Int) {imm}:
            for block in range(piece * PIECE, min((piece + 1) * PIECE, blocks)):
                var part = x.unsafe_load[width=BLOCK](block * BLOCK)
                var scale = abs(part).reduce_max() / 127
                var inverse = 1 / scale if scale > 0 else Float32(0)
                var rounded = round(part * inverse).cast[DType.int8]()
                integers.unsafe_store(block * BLOCK, rounded)
                scales.unsafe_store(block, scale)
                comptime SIZE = BLOCK // F.GROUPS
                comptime for group in range(F.GROUPS):
                    var own = rounded.slice[SIZE, offset=group * SIZE]().cast[DType.int32]()
                    var offset = Int32(-F.ZERO) * own.reduce_add()
                    offsets.unsafe_store(block * F.GROUPS + group, offset)

        member.share((blocks + PIECE - 1) // PIECE, work)


def quantized_linear[
    F: Format
](
    mut member: Member,
    epilogue: Epilogue,
    x: Numbers,
    rounded: Rounded,
    panels: Panel,
    rows: Int,
    k: Int,
):
    """Multiplies x `[rows, k]` with the panels of n outputs; the epilogue takes the sums."""
    var blocks = k // BLOCK
    rounded.fill[F](member, x, rows * blocks)
    var count = (epilogue.n + LANES - 1) // LANES
    var share = member.share_of(count)

    def work(piece: Int) {imm}:
        # The panels of a piece stay in the cache, and some rows of x are read once for all of them.
        var row = 0
        comptime for some in [16, 4, 1]:
            comptime if some <= ROWS:
                while row + some <= rows:
                    for panel in range(piece * share, min((piece + 1) * share, count)):
                        var begin = panels.unsafe_offset(panel * blocks * F.BYTES)
                        var sums = multiply_rounded[F, some](rounded, row, begin, blocks)
                        comptime for r in range(some):
                            epilogue.store(row + r, panel * LANES, sums[r])
                    row += some

    member.share((count + share - 1) // share, work)


# ANCHOR: product
@no_inline  # so that it has all registers to itself
def multiply_rounded[
    F: Format, ROWS: Int
](rounded: Rounded, row: Int, panel: Panel, blocks: Int) -> Array[Lanes, ROWS]:
    """Multiplies ROWS rows of x, from row, with a panel."""
    var integers = rounded.integers.unsafe_ptr().unsafe_bitcast[Int32]()
    var scales = rounded.scales.unsafe_ptr()
    var offsets = rounded.offsets.unsafe_ptr()
    var sums = Array[Scales, ROWS * PARTS](fill=0)
    for block in range(blocks):
        comptime for part in range(PARTS):
            var weights = F.unpack[part](panel, block)
            comptime for r in range(ROWS):
                var at = (row + r) * blocks + block
                comptime for group in range(F.GROUPS):
                    var sum = Fours(offsets.unsafe_load(at * F.GROUPS + group))
                    comptime for i in range(FOURS // F.GROUPS):
                        comptime own = group * FOURS // F.GROUPS + i
                        var numbers = four[own](integers.unsafe_offset(at * FOURS))
                        sum = add_four_products[F.SIGNED](sum, weights.fours[own], numbers)
                    var scale = weights.scales[group] * scales.unsafe_load(at)
                    comptime place = r * PARTS + part
                    sums[place] = sum.cast[DType.float32]().fma(scale, sums[place])
    # ANCHOR_END: product
    var rows = Array[Lanes, ROWS](fill=0)
    comptime for r in range(ROWS):
        comptime for part in range(PARTS):
            rows[r] = rows[r].insert[offset=part * WIDTH](sums[r * PARTS + part])
    return rows^


@always_inline
def four[place: Int](integers: Pointer[Int32, _]) -> Fours:
    """Four of a block's numbers, in all lanes."""
    comptime if CompilationTarget.has_neon():  # whose product takes them from a lane of a register
        var some = integers.unsafe_load[width=WIDTH](place // WIDTH * WIDTH)
        return Fours(some[place % WIDTH])
    return Fours(integers.unsafe_load(place))
