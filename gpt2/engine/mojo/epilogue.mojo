"""What happens to 16 sums of a product before they are written."""

from std.math import tanh

from .product import LANES, Lanes, Numbers

comptime Perhaps = Optional[Numbers]


struct Epilogue[GELU: Bool = False, ADDS: Bool = False](ImplicitlyCopyable):
    """Adds the bias, if there is one; then applies GELU, or adds a residual, where asked to."""

    var output: Numbers  # [rows, n]
    var n: Int
    var bias: Perhaps  # [n]
    var residual: Numbers  # [rows, n], where one is added

    def __init__(
        out self, output: Numbers, n: Int, bias: Perhaps = None, residual: Perhaps = None
    ):
        self.output = output
        self.n = n
        self.bias = bias
        self.residual = residual.or_else(output)

    @always_inline
    def store(self, row: Int, column: Int, sums: Lanes):
        """Finishes the outputs of a row from column on: 16, or what is left of it."""
        var place = row * self.n + column
        var left = self.n - column
        var outputs = sums
        if self.bias:
            outputs += load(self.bias.value(), column, left)
        comptime if Self.GELU:
            outputs = gelu(outputs)
        comptime if Self.ADDS:
            outputs += load(self.residual, place, left)
        if left >= LANES:
            self.output.unsafe_store(place, outputs)
        else:
            for lane in range(left):
                self.output.unsafe_store(place + lane, outputs[lane])


@always_inline
def load(numbers: Numbers, place: Int, left: Int) -> Lanes:
    """The 16 numbers at a place, or what is left of them."""
    if left >= LANES:
        return numbers.unsafe_load[width=LANES](place)
    var lanes = Lanes(0)
    for lane in range(left):
        lanes[lane] = numbers.unsafe_load(place + lane)
    return lanes


@always_inline
def gelu(x: Lanes) -> Lanes:
    """Step 4's, in its tanh form."""
    comptime ROOT = 0.7978845608028654  # of 2 / pi
    return x / 2 * (1 + tanh(ROOT * (x + 0.044715 * x * x * x)))
