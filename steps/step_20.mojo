"""Step 20: a kernel.

Check it with `pixi run s20` or `uv run gpt2 check 20`;
`gpt2 hint 20` helps. Its chapter is book/src/step_20.md.

A vector times a matrix: for each token the engine does this with every weight there is. It
takes as long as it takes to read them, if they are read once, in the order in which they lie
in memory, and if the sums wait in registers meanwhile. So the matrix lies in panels: 16
outputs side by side, which one instruction serves.
"""

# ANCHOR: code (the book shows what follows)
comptime LANES = 16  # outputs in a panel
comptime Lanes = SIMD[DType.float32, LANES]
comptime Numbers = Pointer[Float32, MutUntrackedOrigin]  # float32 numbers, somewhere in memory


def multiply(x: Numbers, panel: Numbers, k: Int) -> Lanes:
    """The sums of a panel's 16 outputs: over all i, x[i] * panel[i, lane].

    x is `[k]`, the panel `[k, 16]`.
    """
    # TODO 1 of 2: for each i add x[i], 16 times side by side, times the 16 weights of row i.
    #   Mojo: Lanes(number), unsafe_load(index), unsafe_load[width=LANES](index), fma
    raise Error("Step 20, TODO 1 of 2")


@export
def product(output: Numbers, x: Numbers, panels: Numbers, count: Int, k: Int) abi("C"):
    """Multiplies x `[k]` with panels `[count, k, 16]`; fills output `[count * 16]`."""
    # TODO 2 of 2: for each panel find where it begins, multiply, and store the 16 sums.
    #   Mojo: unsafe_offset(numbers), unsafe_store(index, lanes)
    raise Error("Step 20, TODO 2 of 2")
