"""How fast this machine reads memory: `mojo run bench/bandwidth.mojo` prints bytes per second.

All cores add up 512 MB of numbers, which no cache holds, in large pages where Linux gives them.
"""

from max.algorithm.backend.cpu.parallelize import sync_parallelize
from max.runtime.asyncrt import parallelism_level
from std.ffi import external_call
from std.sys import CompilationTarget
from std.time import perf_counter_ns

comptime LANES = 16
comptime COUNT = 128 * 1024 * 1024
comptime LARGE_PAGE = 2 * 1024 * 1024
comptime MADV_HUGEPAGE = 14
comptime ROUNDS = 12


def main() raises:
    var room = List[Float32](capacity=COUNT + LARGE_PAGE // 4)
    var address = Int(room.unsafe_ptr())
    var to_page = (LARGE_PAGE - address % LARGE_PAGE) % LARGE_PAGE // 4
    var numbers = room.unsafe_ptr().unsafe_offset(to_page)
    comptime if CompilationTarget.is_linux():
        _ = external_call["madvise", Int32](Int(numbers), COUNT * 4, Int32(MADV_HUGEPAGE))
    for i in range(COUNT):
        numbers.unsafe_store(i, Float32(1))

    var threads = parallelism_level(None)
    var results = List[Float32](length=threads, fill=0)
    var sums = results.unsafe_ptr()
    var share = COUNT // threads // (4 * LANES) * (4 * LANES)

    def add_up(thread: Int) {imm}:
        var parts = Array[SIMD[DType.float32, LANES], 4](fill=0)
        var begin = numbers.unsafe_offset(thread * share)
        for i in range(0, share, 4 * LANES):
            comptime for part in range(4):
                parts[part] += begin.unsafe_load[width=LANES](i + part * LANES)
        sums.unsafe_store(thread, (parts[0] + parts[1] + parts[2] + parts[3]).reduce_add())

    var fastest = Float64(0)
    for _ in range(ROUNDS):
        var began = perf_counter_ns()
        sync_parallelize(add_up, threads)
        var seconds = Float64(perf_counter_ns() - began) / 1e9
        fastest = max(fastest, Float64(threads * share * 4) / seconds)
    if results[0] < 1:
        raise Error("the numbers were not read")
    _ = room^
    print(fastest)
