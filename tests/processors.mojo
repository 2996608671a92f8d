"""The kernels as functions, by one thread, that `processors.c` calls: a product, and attention."""

from extensibility import IOSpec, ManagedTensorSlice, StaticTensorSpec
from std.utils import IndexList

from kernels.attention import Cache
from kernels.epilogue import Epilogue
from kernels.formats import Panel, Q4_0, Q6_K, Q8_0
from kernels.linear import linear
from kernels.product import Numbers
from kernels.quantized import Rounded, quantized_linear
from kernels.team import CACHE_LINE, Member

comptime PHASES = 2  # x is rounded, and then multiplied
comptime Spec[dtype: DType, rank: Int] = StaticTensorSpec[dtype, rank, ...].get_unknown()
comptime Input[dtype: DType, rank: Int = 1] = ManagedTensorSlice[
    io_spec=IOSpec.Input, static_spec=Spec[dtype, rank]
]
comptime Pages[dtype: DType] = ManagedTensorSlice[
    io_spec=IOSpec.MutableInput, static_spec=Spec[dtype, 6]
]


@export
def multiply(
    format: Int, output: Numbers, x: Numbers, panels: Panel, rows: Int, n: Int, k: Int
) abi("C"):
    """Multiplies x `[rows, k]` with the panels of n outputs; fills output `[rows, n]`.

    The format is a place in `gpt2.engine.formats.FORMATS`.
    """
    var epilogue = Epilogue(output, n)
    var counters = List[Int64](length=PHASES * CACHE_LINE, fill=0)
    var member = Member(counters.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin](), PHASES, 1)
    if format == 0:
        linear(member, epilogue, x, panels.unsafe_bitcast[Float32](), rows, k)
    elif format == 1:
        linear(member, epilogue, x, panels.unsafe_bitcast[Float16](), rows, k)
    elif format == 2:
        quantized_linear[Q8_0](member, epilogue, x, Rounded(rows * k), panels, rows, k)
    elif format == 3:
        quantized_linear[Q6_K](member, epilogue, x, Rounded(rows * k), panels, rows, k)
    else:
        quantized_linear[Q4_0](member, epilogue, x, Rounded(rows * k), panels, rows, k)
    _ = counters^  # alive until here


@export
def attend(
    format: Int, output: Numbers, qkv: Numbers, pages: Panel, rows: Int, heads: Int, size: Int
) abi("C"):
    """Attention of a text's first tokens, qkv `[rows, 3 * heads * size]`.

    Pages `[rows / 16, 2, 1, heads, 16, size]` are of float32 if format is 0, else of float16.
    """
    try:
        if format == 0:
            attend_in[DType.float32](output, qkv, pages, rows, heads, size)
        else:
            attend_in[DType.float16](output, qkv, pages, rows, heads, size)
    except error:
        print(error)


def attend_in[
    dtype: DType
](output: Numbers, qkv: Numbers, pages: Panel, rows: Int, heads: Int, size: Int) raises:
    var count = (rows + 15) // 16
    var list: List[Int64] = [0, Int64(rows)]  # the offsets; the first is what is there, too
    for page in range(count):
        list.append(Int64(page))
    var first = list.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
    var cache = Cache[dtype](
        Pages[dtype](pages.unsafe_bitcast[Scalar[dtype]](), IndexList[6](count, 2, 1, heads, 16, size)),
        1,
        Input[DType.int64, 2](first.unsafe_offset(2), IndexList[2](1, count)),
        Input[DType.int64](first, IndexList[1](1)),
        Input[DType.int64](first, IndexList[1](2)),
        rows,
        heads * size,
    )
    var counters = List[Int64](length=PHASES * CACHE_LINE, fill=0)
    var member = Member(counters.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin](), PHASES, 1)
    cache.attend(member, output, qkv)
    _ = list^
    _ = counters^
