"""The product that everything here is made of: a few rows times a panel of 16 columns.

A panel holds 16 columns of a matrix `[k, n]` side by side, so that one instruction multiplies
a number of x with 16 weights, and the sums of 16 outputs stay in one register until the end.
"""

comptime LANES = 16
comptime Lanes = SIMD[DType.float32, LANES]
# Who holds numbers does not own them: an op keeps alive what its pointers lead to.
comptime Numbers = Pointer[Float32, MutUntrackedOrigin]


# ANCHOR: multiply
@always_inline
def multiply[
    ROWS: Int, PANELS: Int
](
    x: Numbers, x_stride: Int, panel: Numbers, panel_stride: Int, step: Int, k: Int
) -> Array[Lanes, ROWS * PANELS]:
    """Multiplies ROWS rows of x, each of k numbers, with PANELS panels.

    However many rows and panels there are, each output is summed in the same order, so that a
    text does not depend on what else is computed beside it, to the last bit.

    Parameters:
        ROWS: How many rows of x share each load of the panels.
        PANELS: How many panels share each number of x.

    Args:
        x: The first row.
        x_stride: From one row to the next.
        panel: The first panel.
        panel_stride: From one panel to the next.
        step: From the 16 numbers of a panel to the next 16.
        k: How many numbers are multiplied and added for each output.
    """
    var sums = Array[Lanes, ROWS * PANELS](fill=0)
    add_products[ROWS, PANELS](sums, x, x_stride, panel, panel_stride, step, k)
    return sums^


@always_inline
def add_products[
    ROWS: Int, PANELS: Int
](
    mut sums: Array[Lanes, ROWS * PANELS],
    x: Numbers,
    x_stride: Int,
    panel: Numbers,
    panel_stride: Int,
    step: Int,
    k: Int,
):
    """Adds them to sums that are there."""
    for i in range(k):
        comptime for p in range(PANELS):
            var weights = panel.unsafe_load[width=LANES](p * panel_stride + i * step)
            comptime for row in range(ROWS):
                var number = Lanes(x.unsafe_load(row * x_stride + i))
                sums[row * PANELS + p] = weights.fma(number, sums[row * PANELS + p])
    # ANCHOR_END: multiply


@always_inline
def numbers(pointer: Pointer[mut=True, Float32, _]) -> Numbers:
    """A tensor's or a list's numbers."""
    return pointer.unsafe_origin_cast[MutUntrackedOrigin]()
