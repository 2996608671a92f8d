"""A product with weights of four bits: Q4_0, 32 weights to a scale.

Both factors are small integers: a weight from -8 to 7, and x rounded to 8 bits with a scale for
each 32 numbers, as llama.cpp does it. So 32 products are added without rounding, four of them
by one instruction where the processor has it (VNNI), and the scales come last.
"""

from std.memory import bitcast
from std.sys import CompilationTarget
from std.sys.intrinsics import llvm_intrinsic

from .epilogue import Epilogue
from .product import LANES, Lanes, Numbers
from .team import Member

comptime BLOCK = 32  # numbers with a scale
comptime SCALES = 2 * LANES  # bytes of a panel's scales, float16
comptime PANEL = SCALES + BLOCK // 2 * LANES  # bytes of a block of a panel
comptime PIECE = 256  # blocks of x that one thread rounds at a time
comptime MANY_ROWS = [16, 4, 1]  # that are multiplied with weights while these are unpacked
comptime Integers = SIMD[DType.int32, LANES]
comptime Bytes = Pointer[UInt8, MutUntrackedOrigin]


struct Rounded:
    """Room for numbers rounded to 8 bits: for each block its integers, its scale, and an offset.

    Weights are stored as 0 to 15, which is 8 too many: the offset takes that back.
    """

    var integers: List[Int8]
    var scales: List[Float32]
    var offsets: List[Int32]

    def __init__(out self, numbers: Int):
        self.integers = List[Int8](unsafe_uninit_length=numbers)
        self.scales = List[Float32](unsafe_uninit_length=numbers // BLOCK)
        self.offsets = List[Int32](unsafe_uninit_length=numbers // BLOCK)

    def fill(self, mut member: Member, x: Numbers, blocks: Int):
        """Rounds the numbers of x."""
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
                offsets.unsafe_store(block, -8 * rounded.cast[DType.int32]().reduce_add())

        member.share((blocks + PIECE - 1) // PIECE, work)


def q4_0_linear(
    mut member: Member,
    epilogue: Epilogue,
    x: Numbers,
    rounded: Rounded,
    panels: Bytes,
    rows: Int,
    k: Int,
):
    """Multiplies x `[rows, k]` with panels `[n / 16, k / 32, 288]`; the epilogue takes the sums.

    A block of a panel has the scales of 16 outputs, and then their integers, two in a byte as
    ggml has them: of four bytes of each output, of the next four, and so on.
    """
    var blocks = k // BLOCK
    rounded.fill(member, x, rows * blocks)
    var integers = rounded.integers.unsafe_ptr()
    var scales = rounded.scales.unsafe_ptr()
    var offsets = rounded.offsets.unsafe_ptr()
    var count = (epilogue.n + LANES - 1) // LANES
    var share = member.share_of(count)

    def work(piece: Int) {imm}:
        @__parameter
        @always_inline
        def fill[ROWS: Int](row: Int, panel: Int):
            """Computes 16 outputs of ROWS rows."""
            # ANCHOR: product
            var sums = Array[Lanes, ROWS](fill=0)
            for block in range(blocks):
                var begin = panels.unsafe_offset((panel * blocks + block) * PANEL)
                var halves = bitcast[DType.float16, LANES](begin.unsafe_load[width=SCALES](0))
                var weight_scales = halves.cast[DType.float32]()
                var weights = Array[Integers, 8](fill=0)
                comptime for quarter in range(4):
                    var pairs = begin.unsafe_load[width=4 * LANES](SCALES + quarter * 4 * LANES)
                    weights[quarter] = bitcast[DType.int32, LANES](pairs & 15)
                    weights[quarter + 4] = bitcast[DType.int32, LANES](pairs >> 4)
                comptime for r in range(ROWS):
                    var at = (row + r) * blocks + block
                    var sum = Integers(offsets.unsafe_load(at))
                    var fours = integers.unsafe_offset(at * BLOCK).unsafe_bitcast[Int32]()
                    comptime for four in range(8):
                        var numbers = Integers(fours.unsafe_load(four))
                        sum = add_four_products(sum, weights[four], numbers)
                    var scale = weight_scales * scales.unsafe_load(at)
                    sums[r] = sum.cast[DType.float32]().fma(scale, sums[r])
            # ANCHOR_END: product
            comptime for r in range(ROWS):
                epilogue.store(row + r, panel * LANES, sums[r])

        for panel in range(piece * share, min((piece + 1) * share, count)):
            var row = 0
            comptime for some in MANY_ROWS:
                while row + some <= rows:
                    fill[some](row, panel)
                    row += some

    member.share((count + share - 1) // share, work)


@always_inline
def add_four_products(sum: Integers, weights: Integers, numbers: Integers) -> Integers:
    """Adds, in each lane, the products of its four bytes: weights unsigned, numbers signed."""
    comptime if not CompilationTarget.has_vnni():
        return add_one_by_one(sum, weights, numbers)
    elif CompilationTarget.has_avx512f():
        return vnni["llvm.x86.avx512.vpdpbusd.512", LANES](sum, weights, numbers)
    else:  # the instruction of narrower processors: half as many at once
        comptime HALF = LANES // 2
        comptime name: StaticString = "llvm.x86.avx512.vpdpbusd.256"
        var low = vnni[name, HALF](sum.slice[HALF](), weights.slice[HALF](), numbers.slice[HALF]())
        var high = vnni[name, HALF](
            sum.slice[HALF, offset=HALF](),
            weights.slice[HALF, offset=HALF](),
            numbers.slice[HALF, offset=HALF](),
        )
        return low.join(high)


@always_inline
def vnni[
    name: StaticString, lanes: Int
](
    sum: SIMD[DType.int32, lanes],
    weights: SIMD[DType.int32, lanes],
    numbers: SIMD[DType.int32, lanes],
) -> SIMD[DType.int32, lanes]:
    """As add_four_products, in one instruction."""
    return llvm_intrinsic[name, SIMD[DType.int32, lanes], has_side_effect=False](
        sum, bitcast[DType.uint8, 4 * lanes](weights), bitcast[DType.int8, 4 * lanes](numbers)
    )


@always_inline
def add_one_by_one(sum: Integers, weights: Integers, numbers: Integers) -> Integers:
    """As add_four_products, on any processor."""
    var total = sum
    comptime for byte in range(4):
        var weight = (weights >> Integers(Int32(8 * byte))) & 255
        var number = (numbers << Integers(Int32(24 - 8 * byte))) >> 24  # with its sign
        total += weight * number
    return total
