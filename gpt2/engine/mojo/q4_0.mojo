"""A linear layer whose weights have four bits: Q4_0, 32 weights to a scale.

Both factors are small integers: a weight from -8 to 7, and x rounded to 8 bits with a scale for
each 32 numbers, as llama.cpp does it. So 32 products are added without rounding, four of them
by one instruction where the processor has it (VNNI), and the scales come last.
"""

from extensibility import InputTensor, OutputTensor, register
from max.algorithm.backend.cpu.parallelize import sync_parallelize
from max.runtime.asyncrt import parallelism_level
from std.memory import bitcast
from std.sys import CompilationTarget
from std.sys.intrinsics import llvm_intrinsic

from .product import LANES, Lanes, store_with_bias

comptime BLOCK = 32  # numbers with a scale
comptime SCALES = 2 * LANES  # bytes of a panel's scales, float16
comptime PANEL = SCALES + BLOCK // 2 * LANES  # bytes of a block of a panel
comptime Integers = SIMD[DType.int32, LANES]


@register("q4_0_linear")
struct Q4_0Linear:
    """The product of x `[rows, k]` and panels `[n / 16, k / 32, 288]`, plus bias `[n]`.

    A block of a panel has the scales of 16 outputs, and then their integers, two in a byte as
    ggml has them: of four bytes of each output, of the next four, and so on.
    """

    @staticmethod
    def execute[
        target: StaticString
    ](
        output: OutputTensor[dtype=DType.float32, rank=2, ...],
        x: InputTensor[dtype=DType.float32, rank=2, ...],
        panels: InputTensor[dtype=DType.uint8, rank=3, ...],
        bias: InputTensor[dtype=DType.float32, rank=1, ...],
    ) raises:
        var rows = x.dim_size(0)
        var blocks = x.dim_size(1) // BLOCK
        var n = bias.dim_size(0)
        var count = panels.dim_size(0)
        var numbers = x.unsafe_ptr()
        var all_panels = panels.unsafe_ptr()
        var biases = bias.unsafe_ptr()
        var outputs = output.unsafe_ptr()

        var integer_list = List[Int8](length=rows * blocks * BLOCK, fill=0)
        var scale_list = List[Float32](length=rows * blocks, fill=0)
        var offset_list = List[Int32](length=rows * blocks, fill=0)
        var integers = integer_list.unsafe_ptr()
        var scales = scale_list.unsafe_ptr()
        var offsets = offset_list.unsafe_ptr()
        for block in range(rows * blocks):
            var part = numbers.unsafe_load[width=BLOCK](block * BLOCK)
            var scale = abs(part).reduce_max() / 127
            var inverse = 1 / scale if scale > 0 else Float32(0)
            var rounded = round(part * inverse).cast[DType.int8]()
            integers.unsafe_store(block * BLOCK, rounded)
            scales.unsafe_store(block, scale)
            # Weights are stored as 0 to 15, which is 8 too many.
            offsets.unsafe_store(block, -8 * rounded.cast[DType.int32]().reduce_add())

        var threads = parallelism_level(None)
        var share = (count + threads - 1) // threads

        def work(thread: Int) {imm}:
            @__parameter
            @always_inline
            def fill[ROWS: Int](row: Int, panel: Int):
                """Computes 16 outputs of ROWS rows."""
                var sums = Array[Lanes, ROWS](fill=0)
                for block in range(blocks):
                    var begin = all_panels.unsafe_offset((panel * blocks + block) * PANEL)
                    var halves = bitcast[DType.float16, LANES](
                        begin.unsafe_load[width=SCALES](0)
                    )
                    var weight_scales = halves.cast[DType.float32]()
                    var weights = Array[Integers, 8](fill=0)
                    comptime for quarter in range(4):
                        var pairs = begin.unsafe_load[width=4 * LANES](SCALES + quarter * 4 * LANES)
                        weights[quarter] = bitcast[DType.int32, LANES](pairs & 15)
                        weights[quarter + 4] = bitcast[DType.int32, LANES](pairs >> 4)
                    comptime for r in range(ROWS):
                        var at = (row + r) * blocks + block
                        var sum = Integers(offsets.unsafe_load(at))
                        var fours = bitcast[DType.int32, BLOCK // 4](
                            integers.unsafe_load[width=BLOCK](at * BLOCK)
                        )
                        comptime for four in range(8):
                            sum = add_four_products(sum, weights[four], Integers(fours[four]))
                        var scale = weight_scales * scales.unsafe_load(at)
                        sums[r] = sum.cast[DType.float32]().fma(scale, sums[r])
                var column = panel * LANES
                comptime for r in range(ROWS):
                    store_with_bias(outputs.unsafe_offset((row + r) * n), sums[r], biases, column, n)

            for panel in range(thread * share, min((thread + 1) * share, count)):
                var row = 0
                while row + 8 <= rows:
                    fill[8](row, panel)
                    row += 8
                while row + 4 <= rows:
                    fill[4](row, panel)
                    row += 4
                while row < rows:
                    fill[1](row, panel)
                    row += 1

        sync_parallelize(work, threads)
        _ = integer_list^
        _ = scale_list^
        _ = offset_list^


@always_inline
def add_four_products(sum: Integers, weights: Integers, numbers: Integers) -> Integers:
    """Adds, in each lane, the products of its four bytes: weights unsigned, numbers signed."""
    comptime if CompilationTarget.has_vnni():
        return llvm_intrinsic["llvm.x86.avx512.vpdpbusd.512", Integers, has_side_effect=False](
            sum,
            bitcast[DType.uint8, 4 * LANES](weights),
            bitcast[DType.int8, 4 * LANES](numbers),
        )
    else:
        var total = sum
        comptime for byte in range(4):
            var weight = (weights >> Integers(Int32(8 * byte))) & 255
            var number = (numbers << Integers(Int32(24 - 8 * byte))) >> 24  # with its sign
            total += weight * number
        return total
