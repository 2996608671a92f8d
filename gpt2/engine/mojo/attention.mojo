"""Attention with a cache in pages, for one new token or many, without a copy of anything.

A page has room for some tokens of a text. Within a page and a head, keys lie in panels of 16
positions, `[size / 16, head_dim, 16]`, so that a query meets 16 keys in one instruction; values
lie as they come, `[size, head_dim]`.
"""

from extensibility import InputTensor, _MutableInputTensor
from std.math import exp, sqrt
from std.utils.numerics import inf

from .product import LANES, Lanes, Numbers, ROWS, Stored, add_products, numbers, require
from .team import Member

comptime MANY = ROWS  # queries at a time
comptime Integers = Pointer[Int64, MutUntrackedOrigin]


struct Cache[dtype: DType](ImplicitlyCopyable):
    """The keys and values of a layer, and where those of each text are."""

    var keys: Stored[Self.dtype]  # of the first page, `[heads, size, head_dim]`
    var values: Stored[Self.dtype]  # as keys
    var stride: Int  # from one page to the next: between them are the other layers
    var table: Integers  # [texts, most]: the pages of each text, in the order of its tokens
    var past: Integers  # [texts]: how many tokens of it are there; below 0, so many are padding
    var offsets: Integers  # [texts + 1]: its new tokens are the rows from one offset to the next
    var texts: Int
    var most: Int
    var heads: Int
    var size: Int
    var head_dim: Int

    def __init__(
        out self,
        pages: _MutableInputTensor[dtype=Self.dtype, rank=6, ...],
        layers: Int,
        table: InputTensor[dtype=DType.int64, rank=2, ...],
        past: InputTensor[dtype=DType.int64, rank=1, ...],
        offsets: InputTensor[dtype=DType.int64, rank=1, ...],
        rows: Int,
        width: Int,
    ) raises:
        """The first layer's, for rows new tokens with keys of so many numbers in all heads."""
        self.table = table.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
        self.past = past.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
        self.offsets = offsets.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()
        self.texts = table.dim_size(0)
        self.most = table.dim_size(1)
        self.heads = pages.dim_size(3)
        self.size = pages.dim_size(4)
        self.head_dim = pages.dim_size(5)
        var each = self.heads * self.size * self.head_dim  # numbers of a page, of one layer
        self.keys = numbers(pages.unsafe_ptr())
        self.values = self.keys.unsafe_offset(layers * each)
        self.stride = 2 * layers * each

        require(pages.dim_size(2) == layers, "pages of another number of layers")
        require(self.heads * self.head_dim == width, "keys that are too wide or too narrow")
        require(self.size % LANES == 0, "pages of other than whole panels")
        require(past.dim_size(0) == self.texts, "another number of pasts than of texts")
        require(offsets.dim_size(0) == self.texts + 1, "another number of offsets than of texts")
        var end = 0
        for text in range(self.texts):
            require(Int(self.offsets.unsafe_load(text)) == end, "texts with gaps between them")
            var seq = Int(self.offsets.unsafe_load(text + 1)) - end
            var total = Int(self.past.unsafe_load(text)) + seq
            var room = self.most * self.size
            require(seq >= 0 and total <= room, "a text that its pages cannot hold")
            end += seq
            for place in range((total + self.size - 1) // self.size):
                var page = Int(self.table.unsafe_load(text * self.most + place))
                require(0 <= page < pages.dim_size(0), "a page that is not there")
        require(end == rows, "another number of tokens than the texts have")

    def of(self, layer: Int) -> Self:
        """Another layer's."""
        var cache = self
        var before = layer * self.heads * self.size * self.head_dim
        cache.keys = self.keys.unsafe_offset(before)
        cache.values = self.values.unsafe_offset(before)
        return cache

    def attend(self, mut member: Member, output: Numbers, qkv: Numbers):
        """Writes new keys and values into the cache, and attends to all that are there.

        Queries, keys and values are `[rows, 3 * n_embd]` as c_attn leaves them, the output is
        `[rows, n_embd]`.
        """
        var width = self.heads * self.head_dim

        def work(piece: Int) {imm}:
            var text, head = divmod(piece, self.heads)
            var row = Int(self.offsets.unsafe_load(text))
            attend(
                output.unsafe_offset(row * width + head * self.head_dim),
                qkv.unsafe_offset(row * 3 * width + head * self.head_dim),
                self,
                text,
                head,
                Int(self.offsets.unsafe_load(text + 1)) - row,
            )

        member.share(self.texts * self.heads, work)

    @always_inline
    def page(self, text: Int, head: Int, position: Int) -> Int:
        """Where the page of a position begins, of one head, among the keys and the values."""
        var page = Int(self.table.unsafe_load(text * self.most + position // self.size))
        return page * self.stride + head * self.size * self.head_dim


def attend(output: Numbers, queries: Numbers, cache: Cache, text: Int, head: Int, seq: Int):
    """One head of one text, with seq new tokens."""
    var head_dim = cache.head_dim
    var width = cache.heads * head_dim
    var stride = 3 * width  # from one token's query to the next one's
    var past = Int(cache.past.unsafe_load(text))
    var begin = min(max(-past, 0), seq)  # what is before is padding
    for token in range(begin):
        for i in range(0, head_dim, LANES):
            output.unsafe_store(token * width + i, Lanes(0))
    for token in range(begin, seq):
        var page = cache.page(text, head, past + token)
        var place = (past + token) % cache.size
        var key = queries.unsafe_offset(token * stride + width)
        var value = queries.unsafe_offset(token * stride + 2 * width)
        var panel, lane = divmod(place, LANES)
        for i in range(head_dim):
            var at = page + (panel * head_dim + i) * LANES + lane
            cache.keys.unsafe_store(at, key.unsafe_load(i).cast[cache.dtype]())
            var number = value.unsafe_load(i).cast[cache.dtype]()
            cache.values.unsafe_store(page + place * head_dim + i, number)

    var room = (max(past + seq, 0) + LANES - 1) // LANES * LANES
    var scratch = List[Float32](length=MANY * room, fill=0)
    var scores = numbers(scratch.unsafe_ptr())
    var scale = 1 / sqrt(Float32(head_dim))

    @__parameter
    @always_inline
    def attend_from[ROWS: Int](first: Int):
        """Does so for ROWS queries from first, which see the tokens up to the last of them."""
        var seen = past + first + ROWS
        for position in range(0, seen, cache.size):
            var page = cache.keys.unsafe_offset(cache.page(text, head, position))
            for place in range(0, min(cache.size, seen - position), LANES):
                var products = Array[Lanes, ROWS](fill=0)
                add_products[ROWS, 1](
                    products,
                    queries.unsafe_offset(first * stride),
                    stride,
                    page.unsafe_offset(place * head_dim),
                    0,
                    LANES,
                    head_dim,
                )
                comptime for row in range(ROWS):
                    scores.unsafe_store(row * room + position + place, products[row])

        comptime for row in range(ROWS):
            softmax(scores.unsafe_offset(row * room), scale, seen - ROWS + row + 1, seen)

        @__parameter
        @always_inline
        def mix[PANELS: Int](part: Int):
            """Adds up columns of the values, from part, weighted by the scores."""
            var mixed = Array[Lanes, ROWS * PANELS](fill=0)
            for position in range(0, seen, cache.size):
                var page = cache.page(text, head, position)
                add_products[ROWS, PANELS](
                    mixed,
                    scores.unsafe_offset(position),
                    room,
                    cache.values.unsafe_offset(page + part),
                    LANES,
                    head_dim,
                    min(cache.size, seen - position),
                )
            comptime for row in range(ROWS):
                comptime for panel in range(PANELS):
                    output.unsafe_store(
                        (first + row) * width + part + panel * LANES, mixed[row * PANELS + panel]
                    )

        var part = 0
        comptime for wide in [4, 1]:
            comptime if wide == 1 or ROWS == 1:  # as many sums as fit into registers
                while part + wide * LANES <= head_dim:
                    mix[wide](part)
                    part += wide * LANES

    var first = begin
    comptime for some in [MANY, 1]:
        while first + some <= seq:
            attend_from[some](first)
            first += some
    _ = scratch^


@always_inline
def softmax(scores: Numbers, scale: Float32, count: Int, until: Int):
    """Turns count scores, times scale, into weights that sum to 1, in place.

    Behind them follow zeros, up to the multiple of 16 that until reaches: other queries see more
    positions. One is always added in the same lane, so that the sum does not depend on count.
    """
    var largest = Lanes(Float32.MIN)
    for i in range(0, count, LANES):
        var score = scores.unsafe_load[width=LANES](i) * scale
        if i + LANES > count:
            for lane in range(count - i, LANES):
                score[lane] = -inf[DType.float32]()
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
    for i in range((count + LANES - 1) // LANES * LANES, until, LANES):
        scores.unsafe_store(i, Lanes(0))
