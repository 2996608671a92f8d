"""The product that everything here is made of: a few rows times a panel of 16 columns.

A panel holds 16 columns of a matrix `[k, n]` side by side, so that one instruction multiplies
a number of x with 16 weights, and the sums of 16 outputs stay in one register until the end.
"""

from std.sys import CompilationTarget, simd_width_of

comptime LANES = 16
comptime Lanes = SIMD[DType.float32, LANES]
# Who holds numbers does not own them: an op keeps alive what its pointers lead to.
comptime Stored[dtype: DType] = Pointer[Scalar[dtype], MutUntrackedOrigin]
comptime Numbers = Stored[DType.float32]

comptime AVX2 = CompilationTarget.has_avx2() and not CompilationTarget.has_avx512f()
comptime REGISTERS = 16 if AVX2 else 32
comptime PER_PANEL = LANES // simd_width_of[DType.float32]()  # registers for 16 outputs
# How many panels, and rows of x, share what they load: as many as have all their sums in
# registers, beside the weights and a number of x.
comptime PANELS = 2 if PER_PANEL == 1 else 1
comptime ROWS = min(8, (REGISTERS - PANELS * PER_PANEL - 1) // (PANELS * PER_PANEL))


# ANCHOR: product
@always_inline
def add_products[
    ROWS: Int, PANELS: Int, dtype: DType
](
    mut sums: Array[Lanes, ROWS * PANELS],
    x: Numbers,
    x_stride: Int,
    panel: Stored[dtype],
    panel_stride: Int,
    step: Int,
    k: Int,
):
    """Multiplies ROWS rows of x, each of k numbers, with PANELS panels, and adds to the sums.

    However many rows and panels there are, each output is summed in the same order, so that a
    text does not depend on what else is computed beside it, to the last bit.

    Args:
        sums: Of each row and panel.
        x: The first row.
        x_stride: From one row to the next.
        panel: The first panel.
        panel_stride: From one panel to the next.
        step: From the 16 numbers of a panel to the next 16.
        k: How many numbers are multiplied and added for each output.
    """
    for i in range(k):
        comptime for p in range(PANELS):
            var stored = panel.unsafe_load[width=LANES](p * panel_stride + i * step)
            var weights = stored.cast[DType.float32]()
            comptime for row in range(ROWS):
                var number = Lanes(x.unsafe_load(row * x_stride + i))
                sums[row * PANELS + p] = weights.fma(number, sums[row * PANELS + p])
    # ANCHOR_END: product


def require(holds: Bool, what: StaticString) raises:
    """Ends an op before it reads or writes what is not its own."""
    if not holds:
        raise Error("the kernel was given ", what)


@always_inline
def numbers[dtype: DType](pointer: Pointer[mut=True, Scalar[dtype], _]) -> Stored[dtype]:
    """A tensor's or a list's numbers."""
    return pointer.unsafe_origin_cast[MutUntrackedOrigin]()
