"""Step 3's layer normalization."""

from std.math import sqrt

from .product import LANES, Lanes, Numbers
from .team import Member

comptime ROWS = 8  # in a piece of work


@fieldwise_init
struct Norm(ImplicitlyCopyable):
    """The parameters of a layer norm of k features; k is a multiple of 16."""

    var weight: Numbers  # [k]
    var bias: Numbers  # [k]
    var epsilon: Float64
    var k: Int

    def apply(self, mut member: Member, output: Numbers, x: Numbers, rows: Int):
        """Brings each row of x `[rows, k]` to mean 0 and variance 1, then scales and shifts it."""

        def work(piece: Int) {imm}:
            for row in range(piece * ROWS, min((piece + 1) * ROWS, rows)):
                self.apply_to_row(output.unsafe_offset(row * self.k), x.unsafe_offset(row * self.k))

        member.share((rows + ROWS - 1) // ROWS, work)

    def apply_to_row(self, output: Numbers, x: Numbers):
        var sums = Lanes(0)
        for i in range(0, self.k, LANES):
            sums += x.unsafe_load[width=LANES](i)
        var mean = sums.reduce_add() / Float32(self.k)
        var squares = Lanes(0)
        for i in range(0, self.k, LANES):
            var centered = x.unsafe_load[width=LANES](i) - mean
            squares = centered.fma(centered, squares)
        var scale = 1 / sqrt(squares.reduce_add() / Float32(self.k) + Float32(self.epsilon))
        for i in range(0, self.k, LANES):
            var normal = (x.unsafe_load[width=LANES](i) - mean) * scale
            var weight = self.weight.unsafe_load[width=LANES](i)
            output.unsafe_store(i, normal.fma(weight, self.bias.unsafe_load[width=LANES](i)))
