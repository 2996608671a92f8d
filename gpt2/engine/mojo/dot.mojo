"""The product that quantized weights are made for: of bytes, four of them to a lane.

A lane of 32 bits has four weights of an output, another four numbers of x. Their products are
added without rounding, by what the processor has for that. Which it is, is decided when this is
compiled; everywhere it is the same sum.
"""

from std.memory import bitcast
from std.sys import CompilationTarget, simd_width_of
from std.sys.intrinsics import llvm_intrinsic

comptime WIDTH = simd_width_of[DType.int32]()  # lanes of a register: 16, 8 or 4
comptime Fours = SIMD[DType.int32, WIDTH]
comptime Bytes = SIMD[DType.int8, 4 * WIDTH]
comptime VNNI = CompilationTarget.has_vnni()
comptime TAKES_SIGNS = not VNNI  # of weights: VNNI's instruction takes them from 0 to 255


@always_inline
def add_four_products[SIGNED: Bool](sum: Fours, weights: Fours, numbers: Fours) -> Fours:
    """Adds to each lane of a sum the products of four weights with four numbers, -127 to 127.

    Parameters:
        SIGNED: Whether weights are from -127 to 127, and not from 0 to 127, or to 255 by VNNI.
    """
    var w = bitcast[DType.int8, 4 * WIDTH](weights)
    var x = bitcast[DType.int8, 4 * WIDTH](numbers)
    comptime if VNNI:
        comptime assert not SIGNED
        comptime name: StaticString = "llvm.x86.avx512.vpdpbusd." + String(32 * WIDTH)
        return llvm_intrinsic[name, Fours, has_side_effect=False](sum, w, x)
    elif CompilationTarget.has_avx2():
        comptime if SIGNED:  # one factor has to be positive, so it hands its sign to the other
            return sum + add_pairs(abs(x), with_signs_of(x, w))
        return sum + add_pairs(w, x)
    elif CompilationTarget.has_neon_int8_dotprod():
        comptime name: StaticString = "llvm.aarch64.neon.sdot.v4i32.v16i8"
        return llvm_intrinsic[name, Fours, has_side_effect=False](sum, w, x)
    else:
        return add_one_by_one(sum, weights, numbers)


@always_inline
def with_signs_of(x: Bytes, weights: Bytes) -> Bytes:
    """Weights, negative where x was negative and they were not, and the other way round."""
    comptime if WIDTH == 8:
        comptime name: StaticString = "llvm.x86.avx2.psign.b"
        return llvm_intrinsic[name, Bytes, has_side_effect=False](weights, x)
    return x.lt(0).select(-weights, weights)


@always_inline
def add_pairs(positive: Bytes, numbers: Bytes) -> Fours:
    """Two instructions: 16 bits for the sums of two products, 32 for those of four.

    16 bits are enough: two products are at most 2 * 127 * 127.
    """
    comptime Pairs = SIMD[DType.int16, 2 * WIDTH]
    comptime WIDE = WIDTH == 16  # AVX-512, of a processor without VNNI
    comptime of_two: StaticString = "llvm.x86.avx512.pmaddubs.w.512" if WIDE else (
        "llvm.x86.avx2.pmadd.ub.sw"
    )
    comptime of_four: StaticString = "llvm.x86.avx512.pmaddw.d.512" if WIDE else (
        "llvm.x86.avx2.pmadd.wd"
    )
    var pairs = llvm_intrinsic[of_two, Pairs, has_side_effect=False](positive, numbers)
    return llvm_intrinsic[of_four, Fours, has_side_effect=False](pairs, Pairs(1))


@always_inline
def add_one_by_one(sum: Fours, weights: Fours, numbers: Fours) -> Fours:
    """As add_four_products, on any processor."""
    var total = sum
    comptime for byte in range(4):
        comptime up = Fours(Int32(24 - 8 * byte))
        total += ((weights << up) >> 24) * ((numbers << up) >> 24)  # with their signs
    return total
