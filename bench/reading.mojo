"""Two ways to read a matrix: `mojo run -I solutions bench/reading.mojo`.

A vector times a matrix `[n, k]` of 256 MB, on all cores, in turns: from rows in small pages, four
rows at a time, and by step 20's kernel from panels in large pages, where Linux gives them. Prints
a line for each turn: bytes per second of rows, of panels, and the seconds that it takes to start
all threads and to wait until they have come to their end, with nothing to do in between.
"""

from max.algorithm.backend.cpu.parallelize import sync_parallelize
from max.runtime.asyncrt import parallelism_level
from solution_20 import LANES, Lanes, Numbers, multiply
from std.ffi import external_call
from std.sys import CompilationTarget
from std.time import perf_counter_ns

comptime K = 768
comptime ROWS = 4
comptime COUNT = 64 * 1024 * 1024
comptime LARGE_PAGE = 2 * 1024 * 1024
comptime MADV_HUGEPAGE = 14
comptime MADV_NOHUGEPAGE = 15
comptime TURNS = 12
comptime STARTS = 200


def fill(room: Numbers, advice: Int) -> Numbers:
    """COUNT numbers from the first large page in a room on, in pages as advised."""
    var to_page = (LARGE_PAGE - Int(room) % LARGE_PAGE) % LARGE_PAGE // 4
    var begin = room.unsafe_offset(to_page)
    comptime if CompilationTarget.is_linux():
        _ = external_call["madvise", Int32](Int(begin), COUNT * 4, Int32(advice))
    for i in range(COUNT):
        begin.unsafe_store(i, Float32(1))
    return begin


def numbers(pointer: Pointer[mut=True, Float32, _]) -> Numbers:
    return pointer.unsafe_origin_cast[MutUntrackedOrigin]()


def main() raises:
    var small = List[Float32](capacity=COUNT + LARGE_PAGE // 4)
    var large = List[Float32](capacity=COUNT + LARGE_PAGE // 4)
    var rows = fill(numbers(small.unsafe_ptr()), MADV_NOHUGEPAGE)
    var panels = fill(numbers(large.unsafe_ptr()), MADV_HUGEPAGE)
    var vector = List[Float32](length=K, fill=1)
    var x = numbers(vector.unsafe_ptr())

    var threads = parallelism_level(None)
    var count = COUNT // K // threads // LANES  # of panels, for each thread
    var sums = List[Float32](length=threads * count * LANES, fill=0)
    var output = numbers(sums.unsafe_ptr())

    def read_rows(thread: Int) {imm}:
        for first in range(thread * count * LANES, (thread + 1) * count * LANES, ROWS):
            var parts = Array[Lanes, ROWS](fill=0)
            for i in range(0, K, LANES):
                var number = x.unsafe_load[width=LANES](i)
                comptime for row in range(ROWS):
                    var weights = rows.unsafe_load[width=LANES]((first + row) * K + i)
                    parts[row] = weights.fma(number, parts[row])
            comptime for row in range(ROWS):
                output.unsafe_store(first + row, parts[row].reduce_add())

    def read_panels(thread: Int) {imm}:
        for panel in range(thread * count, (thread + 1) * count):
            output.unsafe_store(
                panel * LANES, multiply(x, panels.unsafe_offset(panel * K * LANES), K)
            )

    def nothing(thread: Int) {imm}:
        pass

    var bytes = Float64(threads * count * LANES * K * 4)
    for _ in range(TURNS):
        var began = perf_counter_ns()
        sync_parallelize(read_rows, threads)
        var between = perf_counter_ns()
        sync_parallelize(read_panels, threads)
        var ended = perf_counter_ns()
        for _ in range(STARTS):
            sync_parallelize(nothing, threads)
        var start = Float64(perf_counter_ns() - ended) / 1e9 / STARTS
        print(
            bytes * 1e9 / Float64(between - began), bytes * 1e9 / Float64(ended - between), start
        )
    if sums[0] != K or sums[len(sums) - 1] != K:
        raise Error("the numbers were not read")
    _ = small^
    _ = large^
    _ = vector^
