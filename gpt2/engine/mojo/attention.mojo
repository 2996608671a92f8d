"""Attention with a cache, for one new token or many, without a copy of anything.

The cache of a head holds its keys in panels of 16 positions, `[positions / 16, head_dim, 16]`,
so that a query meets 16 keys in one instruction; its values lie as they come,
`[positions, head_dim]`.
"""

from extensibility import InputTensor, _MutableInputTensor
from std.math import exp, sqrt
from std.utils.numerics import inf

from .product import LANES, Lanes, Numbers, multiply, numbers
from .team import Member

comptime MANY = 8  # queries at a time


struct Cache(ImplicitlyCopyable):
    """The keys and values of a layer, and which of them may be seen."""

    var keys: Numbers  # [batch, heads, capacity, head_dim], capacity a multiple of 16
    var values: Numbers  # as keys
    var mask: Numbers  # [batch, 1, seq, total]
    var batch: Int
    var heads: Int
    var capacity: Int
    var head_dim: Int
    var seq: Int
    var total: Int

    def __init__(
        out self,
        keys: _MutableInputTensor[dtype=DType.float32, rank=4, ...],
        values: _MutableInputTensor[dtype=DType.float32, rank=4, ...],
        mask: InputTensor[dtype=DType.float32, rank=4, ...],
    ):
        self.keys = numbers(keys.unsafe_ptr())
        self.values = numbers(values.unsafe_ptr())
        self.mask = numbers(mask.unsafe_ptr())
        self.batch = keys.dim_size(0)
        self.heads = keys.dim_size(1)
        self.capacity = keys.dim_size(2)
        self.head_dim = keys.dim_size(3)
        self.seq = mask.dim_size(2)
        self.total = mask.dim_size(3)

    def attend(self, mut member: Member, output: Numbers, qkv: Numbers):
        """Writes new keys and values into the cache, and attends to all that are there.

        Queries, keys and values are `[batch, seq, 3 * n_embd]` as c_attn leaves them, the output
        is `[batch, seq, n_embd]`.
        """
        var width = self.heads * self.head_dim

        def work(piece: Int) {imm}:
            var text, head = divmod(piece, self.heads)
            attend(
                output.unsafe_offset(text * self.seq * width + head * self.head_dim),
                qkv.unsafe_offset(text * self.seq * 3 * width + head * self.head_dim),
                self.mask.unsafe_offset(text * self.seq * self.total),
                self.keys.unsafe_offset(piece * self.capacity * self.head_dim),
                self.values.unsafe_offset(piece * self.capacity * self.head_dim),
                width,
                self.head_dim,
                self.seq,
                self.total,
            )

        member.share(self.batch * self.heads, work)


def attend(
    output: Numbers,
    queries: Numbers,
    mask: Numbers,
    keys: Numbers,
    values: Numbers,
    width: Int,
    head_dim: Int,
    seq: Int,
    total: Int,
):
    """One head of one text."""
    var past = total - seq
    var stride = 3 * width  # from one token's query to the next one's
    for token in range(seq):
        var key = queries.unsafe_offset(token * stride + width)
        var value = queries.unsafe_offset(token * stride + 2 * width)
        var panel, lane = divmod(past + token, LANES)
        for i in range(head_dim):
            keys.unsafe_store((panel * head_dim + i) * LANES + lane, key.unsafe_load(i))
            values.unsafe_store((past + token) * head_dim + i, value.unsafe_load(i))

    var room = (total + LANES - 1) // LANES * LANES
    var scratch = List[Float32](length=MANY * room, fill=0)
    var scores = numbers(scratch.unsafe_ptr())
    var scale = 1 / sqrt(Float32(head_dim))

    @__parameter
    @always_inline
    def attend_from[ROWS: Int](first: Int):
        """Does so for ROWS queries from first, which see the tokens up to the last of them."""
        var seen = past + first + ROWS
        for panel in range((seen + LANES - 1) // LANES):
            var products = multiply[ROWS, 1](
                queries.unsafe_offset(first * stride),
                stride,
                keys.unsafe_offset(panel * head_dim * LANES),
                0,
                LANES,
                head_dim,
            )
            comptime for row in range(ROWS):
                scores.unsafe_store(row * room + panel * LANES, products[row])

        comptime for row in range(ROWS):
            softmax(
                scores.unsafe_offset(row * room),
                mask.unsafe_offset((first + row) * total),
                scale,
                seen,
                total,
            )
        @__parameter
        @always_inline
        def mix[PANELS: Int](part: Int):
            """Adds up columns of the values, from part, weighted by the scores."""
            var mixed = multiply[ROWS, PANELS](
                scores, room, values.unsafe_offset(part), LANES, head_dim, seen
            )
            comptime for row in range(ROWS):
                comptime for panel in range(PANELS):
                    output.unsafe_store(
                        (first + row) * width + part + panel * LANES, mixed[row * PANELS + panel]
                    )

        comptime WIDE = 4 if ROWS == 1 else 1  # as many sums as fit into registers
        var part = 0
        while part + WIDE * LANES <= head_dim:
            mix[WIDE](part)
            part += WIDE * LANES
        while part < head_dim:
            mix[1](part)
            part += LANES

    var first = 0
    while first + MANY <= seq:
        attend_from[MANY](first)
        first += MANY
    while first < seq:
        attend_from[1](first)
        first += 1
    _ = scratch^


@always_inline
def softmax(scores: Numbers, mask: Numbers, scale: Float32, count: Int, total: Int):
    """Turns count scores into weights that sum to 1, in place; up to the next 16 follow zeros.

    A position is always added in the same lane, so that the sum does not depend on count.

    Args:
        scores: Of one query; there is room up to the next multiple of 16.
        mask: What to add to them, total numbers.
        scale: What to multiply them with before.
        count: Behind these the mask is minus infinity.
        total: How many positions there are.
    """
    var largest = Lanes(Float32.MIN)
    for i in range(0, count, LANES):
        var added = Lanes(-inf[DType.float32]())
        if i + LANES <= total:
            added = mask.unsafe_load[width=LANES](i)
        else:
            for lane in range(total - i):
                added[lane] = mask.unsafe_load(i + lane)
        var score = scores.unsafe_load[width=LANES](i) * scale + added
        scores.unsafe_store(i, score)
        largest = max(largest, score)

    var shift = largest.reduce_max()
    var sums = Lanes(0)
    for i in range(0, count, LANES):
        var weights = exp(scores.unsafe_load[width=LANES](i) - shift)
        scores.unsafe_store(i, weights)
        sums += weights

    var factor = 1 / sums.reduce_add()
    for i in range(0, count, LANES):
        scores.unsafe_store(i, scores.unsafe_load[width=LANES](i) * factor)
