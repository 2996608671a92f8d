"""What MAX's graph calls: a block, the head behind the last one, and attention alone."""

from extensibility import InputTensor, OutputTensor, _MutableInputTensor, register

from .attention import Cache
from .epilogue import Epilogue
from .linear import linear
from .norm import Norm
from .product import Numbers, numbers
from .q4_0 import Rounded, q4_0_linear
from .team import Member, together

# At most: a block has two norms, attention, and four products, of which each rounds x for Q4_0.
comptime PHASES = 11


@register("block")
struct Block:
    """Step 9's block, of x `[rows, width]`, with a cache.

    Linear layers have their weights in panels: float32 `[n / 16, k, 16]`, or Q4_0, uint8
    `[n / 16, k / 32, 288]`.
    """

    @staticmethod
    def execute[
        target: StaticString, epsilon: Float64
    ](
        output: OutputTensor[dtype=DType.float32, rank=2, ...],
        x: InputTensor[dtype=DType.float32, rank=2, ...],
        ln_1_weight: InputTensor[dtype=DType.float32, rank=1, ...],
        ln_1_bias: InputTensor[dtype=DType.float32, rank=1, ...],
        c_attn: InputTensor[rank=3, ...],
        c_attn_bias: InputTensor[dtype=DType.float32, rank=1, ...],
        attn_c_proj: InputTensor[rank=3, ...],
        attn_c_proj_bias: InputTensor[dtype=DType.float32, rank=1, ...],
        ln_2_weight: InputTensor[dtype=DType.float32, rank=1, ...],
        ln_2_bias: InputTensor[dtype=DType.float32, rank=1, ...],
        c_fc: InputTensor[rank=3, ...],
        c_fc_bias: InputTensor[dtype=DType.float32, rank=1, ...],
        mlp_c_proj: InputTensor[rank=3, ...],
        mlp_c_proj_bias: InputTensor[dtype=DType.float32, rank=1, ...],
        layer: InputTensor[dtype=DType.int64, rank=1, ...],
        table: InputTensor[dtype=DType.int64, rank=2, ...],
        past: InputTensor[dtype=DType.int64, rank=1, ...],
        offsets: InputTensor[dtype=DType.int64, rank=1, ...],
        pages: _MutableInputTensor[dtype=DType.float32, rank=6, ...],
    ) raises:
        var rows = x.dim_size(0)
        var width = x.dim_size(1)
        var inner = c_fc_bias.dim_size(0)
        var before = numbers(x.unsafe_ptr())
        var after = numbers(output.unsafe_ptr())
        var ln_1 = Norm(ln_1_weight, ln_1_bias, epsilon)
        var ln_2 = Norm(ln_2_weight, ln_2_bias, epsilon)
        var cache = Cache(pages, layer, table, past, offsets)

        var normal_list = List[Float32](unsafe_uninit_length=rows * width)
        var wide_list = List[Float32](unsafe_uninit_length=rows * max(3 * width, inner))
        var between_list = List[Float32](unsafe_uninit_length=rows * width)
        var rounded = Rounded(rows * max(width, inner) if c_attn.dtype == DType.uint8 else 0)
        var normal = numbers(normal_list.unsafe_ptr())  # and what attention mixed
        var wide = numbers(wide_list.unsafe_ptr())  # queries, keys and values, and then the MLP
        var between = numbers(between_list.unsafe_ptr())  # x after attention

        # ANCHOR: block
        def job(mut member: Member) {imm}:
            ln_1.apply(member, normal, before, rows)
            var qkv = Epilogue(wide, c_attn_bias)
            multiply(member, qkv, normal, rounded, c_attn, rows, width)
            cache.attend(member, normal, wide)
            var attended = Epilogue[ADDS=True](between, attn_c_proj_bias, before)
            multiply(member, attended, normal, rounded, attn_c_proj, rows, width)
            ln_2.apply(member, normal, between, rows)
            var hidden = Epilogue[GELU=True](wide, c_fc_bias)
            multiply(member, hidden, normal, rounded, c_fc, rows, width)
            var finished = Epilogue[ADDS=True](after, mlp_c_proj_bias, between)
            multiply(member, finished, wide, rounded, mlp_c_proj, rows, inner)

        together(PHASES, job)
        # ANCHOR_END: block
        _ = normal_list^  # alive until here
        _ = wide_list^
        _ = between_list^
        _ = rounded^


@register("head")
struct Head:
    """The last norm of x `[rows, width]`, and the logits: `[rows, vocab_size]`."""

    @staticmethod
    def execute[
        target: StaticString, epsilon: Float64
    ](
        output: OutputTensor[dtype=DType.float32, rank=2, ...],
        x: InputTensor[dtype=DType.float32, rank=2, ...],
        ln_f_weight: InputTensor[dtype=DType.float32, rank=1, ...],
        ln_f_bias: InputTensor[dtype=DType.float32, rank=1, ...],
        panels: InputTensor[rank=3, ...],
        bias: InputTensor[dtype=DType.float32, rank=1, ...],
    ) raises:
        var rows = x.dim_size(0)
        var width = x.dim_size(1)
        var before = numbers(x.unsafe_ptr())
        var ln_f = Norm(ln_f_weight, ln_f_bias, epsilon)
        var logits = Epilogue(numbers(output.unsafe_ptr()), bias)
        var normal_list = List[Float32](unsafe_uninit_length=rows * width)
        var normal = numbers(normal_list.unsafe_ptr())
        var rounded = Rounded(rows * width if panels.dtype == DType.uint8 else 0)

        def job(mut member: Member) {imm}:
            ln_f.apply(member, normal, before, rows)
            multiply(member, logits, normal, rounded, panels, rows, width)

        together(PHASES, job)
        _ = normal_list^
        _ = rounded^


@register("cached_attention")
struct CachedAttention:
    """Attention of queries, keys and values `[1, rows, 3 * n_embd]`: `[1, rows, n_embd]`."""

    @staticmethod
    def execute[
        target: StaticString
    ](
        output: OutputTensor[dtype=DType.float32, rank=3, ...],
        qkv: InputTensor[dtype=DType.float32, rank=3, ...],
        layer: InputTensor[dtype=DType.int64, rank=1, ...],
        table: InputTensor[dtype=DType.int64, rank=2, ...],
        past: InputTensor[dtype=DType.int64, rank=1, ...],
        offsets: InputTensor[dtype=DType.int64, rank=1, ...],
        pages: _MutableInputTensor[dtype=DType.float32, rank=6, ...],
    ) raises:
        var cache = Cache(pages, layer, table, past, offsets)
        var mixed = numbers(output.unsafe_ptr())
        var queries = numbers(qkv.unsafe_ptr())

        def job(mut member: Member) {imm}:
            cache.attend(member, mixed, queries)

        together(PHASES, job)


@always_inline
def multiply(
    mut member: Member,
    epilogue: Epilogue,
    x: Numbers,
    rounded: Rounded,
    panels: InputTensor[rank=3, ...],
    rows: Int,
    k: Int,
):
    """Multiplies x `[rows, k]` with panels of either kind."""
    comptime if panels.dtype == DType.float32:
        linear(member, epilogue, x, numbers(panels.unsafe_ptr().unsafe_bitcast[Float32]()), rows, k)
    else:
        var bytes = panels.unsafe_ptr().unsafe_bitcast[UInt8]()
        var weights = bytes.unsafe_origin_cast[MutUntrackedOrigin]()
        q4_0_linear(member, epilogue, x, rounded, weights, rows, k)
