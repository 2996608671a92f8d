"""Attention with a cache, for one new token or many, without a copy of anything.

The cache of a head holds its keys in panels of 16 positions, `[positions / 16, head_dim, 16]`,
so that a query meets 16 keys in one instruction; its values lie as they come,
`[positions, head_dim]`.
"""

from extensibility import InputTensor, OutputTensor, _MutableInputTensor, register
from max.algorithm.backend.cpu.parallelize import sync_parallelize
from std.math import exp, sqrt
from std.utils.numerics import inf

from .product import LANES, Lanes, Numbers, multiply

comptime MANY = 8  # queries at a time


@register("cached_attention")
struct CachedAttention:
    """Writes new keys and values into the cache, and attends to all that are there.

    Queries, keys and values are `[batch, seq, 3 * n_embd]` as c_attn leaves them, the mask is
    `[batch, 1, seq, total]`, keys and values `[batch, n_head, capacity, head_dim]`, where capacity
    is a multiple of 16; the output is `[batch, seq, n_embd]`.
    """

    @staticmethod
    def execute[
        target: StaticString
    ](
        output: OutputTensor[dtype=DType.float32, rank=3, ...],
        qkv: InputTensor[dtype=DType.float32, rank=3, ...],
        mask: InputTensor[dtype=DType.float32, rank=4, ...],
        keys: _MutableInputTensor[dtype=DType.float32, rank=4, ...],
        values: _MutableInputTensor[dtype=DType.float32, rank=4, ...],
    ) raises:
        var batch = keys.dim_size(0)
        var heads = keys.dim_size(1)
        var capacity = keys.dim_size(2)
        var head_dim = keys.dim_size(3)
        var seq = mask.dim_size(2)
        var total = mask.dim_size(3)
        var width = heads * head_dim
        var all_queries = qkv.unsafe_ptr()
        var all_masks = mask.unsafe_ptr()
        var all_keys = keys.unsafe_ptr()
        var all_values = values.unsafe_ptr()
        var all_outputs = output.unsafe_ptr()

        def work(task: Int) {imm}:
            var text, head = divmod(task, heads)
            attend(
                all_outputs.unsafe_offset(text * seq * width + head * head_dim),
                all_queries.unsafe_offset(text * seq * 3 * width + head * head_dim),
                all_masks.unsafe_offset(text * seq * total),
                all_keys.unsafe_offset(task * capacity * head_dim),
                all_values.unsafe_offset(task * capacity * head_dim),
                width,
                head_dim,
                seq,
                total,
            )

        sync_parallelize(work, batch * heads)


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
    var scores = scratch.unsafe_ptr().unsafe_origin_cast[MutUnsafeAnyOrigin]()
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
        for part in range(0, head_dim, LANES):
            var mixed = multiply[ROWS, 1](
                scores, room, values.unsafe_offset(part), 0, head_dim, seen
            )
            comptime for row in range(ROWS):
                output.unsafe_store((first + row) * width + part, mixed[row])

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
