"""A matrix product for a few rows: what generating text does, a token or a few at a time.

With so few rows the arithmetic is nothing and reading the weights is everything, so each weight
is read once, in the order in which it lies in memory, and multiplied with all rows while it is
at hand. Four weight rows at a time share every load of x, and meanwhile the next four are
fetched, front to back: a processor foresees one stream of addresses much better than four.
"""

from extensibility import InputTensor, OutputTensor, register
from linalg.matmul import matmul
from max.algorithm.backend.cpu.parallelize import sync_parallelize
from max.runtime.asyncrt import parallelism_level
from std.sys import prefetch
from std.sys.info import simd_width_of

comptime WIDTH = simd_width_of[DType.float32]()
comptime FEW = 8  # more rows than this are work for MAX's own product


@register("few_rows_matmul")
struct FewRowsMatmul:
    """Multiplies x `[rows, k]` with weight `[n, k]`, transposed: float32 `[rows, n]`."""

    @staticmethod
    def execute[
        target: StaticString
    ](
        output: OutputTensor[dtype=DType.float32, rank=2, ...],
        x: InputTensor[dtype=DType.float32, rank=2, ...],
        weight: InputTensor[dtype=DType.float32, rank=2, ...],
    ) raises:
        var rows = x.dim_size(0)
        var k = x.dim_size(1)
        var n = weight.dim_size(0)
        if rows > FEW:
            matmul[transpose_b=True](
                output.to_tile_tensor(), x.to_tile_tensor(), weight.to_tile_tensor()
            )
            return

        var threads = parallelism_level(None)
        var share = (n + threads - 1) // threads
        var x_start = x.unsafe_ptr()
        var weight_start = weight.unsafe_ptr()
        var output_start = output.unsafe_ptr()

        def work(thread: Int) {imm}:
            @__parameter
            @always_inline
            def multiply[ROWS: Int, BLOCK: Int](first: Int):
                """Fills columns first to first + BLOCK of the output."""
                var sums = Array[SIMD[DType.float32, WIDTH], ROWS * BLOCK](fill=0)
                var block = weight_start.unsafe_offset(first * k)
                var next_block = block.unsafe_offset(BLOCK * k)
                var whole = k - k % WIDTH
                for i in range(0, whole, WIDTH):
                    var parts = Array[SIMD[DType.float32, WIDTH], BLOCK](fill=0)
                    comptime for column in range(BLOCK):
                        prefetch(next_block.unsafe_offset(i * BLOCK + column * WIDTH))
                        parts[column] = block.unsafe_load[width=WIDTH](column * k + i)
                    comptime for row in range(ROWS):
                        # Rows that x does not have repeat its last one, and are not stored.
                        var x_row = min(row, rows - 1) * k
                        var x_part = x_start.unsafe_load[width=WIDTH](x_row + i)
                        comptime for column in range(BLOCK):
                            comptime at = row * BLOCK + column
                            sums[at] = parts[column].fma(x_part, sums[at])
                comptime for row in range(ROWS):
                    if row < rows:
                        comptime for column in range(BLOCK):
                            var sum = sums[row * BLOCK + column].reduce_add()
                            for i in range(whole, k):
                                sum += (
                                    x_start.unsafe_load(row * k + i)
                                    * block.unsafe_load(column * k + i)
                                )
                            output_start.unsafe_store(row * n + first + column, sum)

            @__parameter
            @always_inline
            def multiply_all[ROWS: Int, BLOCK: Int]():
                var column = thread * share
                var end = min(column + share, n)
                while column + BLOCK <= end:
                    multiply[ROWS, BLOCK](column)
                    column += BLOCK
                while column < end:
                    multiply[ROWS, 1](column)
                    column += 1

            # As many sums as fit into registers.
            if rows == 1:
                multiply_all[1, 4]()
            elif rows == 2:
                multiply_all[2, 4]()
            elif rows <= 4:
                multiply_all[4, 4]()
            else:
                multiply_all[8, 2]()

        sync_parallelize(work, threads)
