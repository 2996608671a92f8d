"""What MAX's graph calls: all blocks, and the head behind the last one."""

from extensibility import InputTensor, OutputTensor, _MutableInputTensor, register

from .attention import Cache
from .epilogue import Epilogue
from .formats import BLOCK, Q4_0, Q6_K, Q8_0
from .linear import line, linear
from .norm import Norm
from .product import LANES, Numbers, Stored, numbers, require
from .quantized import Rounded, quantized_linear
from .team import Member, together

# At most: a block has two norms, attention, and four products, of which each may round x.
comptime PHASES = 11


@fieldwise_init
struct Parts[dtype: DType](ImplicitlyCopyable):
    """Tensors that lie one behind the other."""

    var next: Stored[Self.dtype]

    def take(mut self, count: Int) -> Stored[Self.dtype]:
        """The next one, of so many elements."""
        var begin = self.next
        self.next = begin.unsafe_offset(count)
        return begin


@register("blocks")
struct Blocks:
    """Step 9's block, as often as there are layers, of x `[rows, width]`, with a cache.

    The vectors of a layer lie one behind the other: weights and biases of norms, and biases of
    products, in the order in which they are needed. So do its matrices, in panels.
    """

    @staticmethod
    def execute[
        target: StaticString, epsilon: Float64, format: StaticString
    ](
        output: OutputTensor[dtype=DType.float32, rank=2, ...],
        x: InputTensor[dtype=DType.float32, rank=2, ...],
        vectors: InputTensor[dtype=DType.float32, rank=2, ...],
        panels: InputTensor[rank=2, ...],
        table: InputTensor[dtype=DType.int64, rank=2, ...],
        past: InputTensor[dtype=DType.int64, rank=1, ...],
        offsets: InputTensor[dtype=DType.int64, rank=1, ...],
        pages: _MutableInputTensor[rank=6, ...],
    ) raises:
        var rows, width = x.dim_size(0), x.dim_size(1)
        var layers = vectors.dim_size(0)
        var inner = vectors.dim_size(1) - 9 * width
        var c_attn = size[format](3 * width, width)
        var c_proj = size[format](width, width)
        var c_fc = size[format](inner, width)
        var mlp_c_proj = size[format](width, inner)
        var each = c_attn + c_proj + c_fc + mlp_c_proj
        require(panels.dim_size(0) == layers, "panels of another number of layers")
        require(panels.dim_size(1) == each, "panels of another size")
        var caches = Cache(pages, layers, table, past, offsets, rows, width)

        var broad = rows * max(3 * width, inner)
        var scratch = List[Float32](unsafe_uninit_length=2 * rows * width + broad)
        var parts = Parts(numbers(scratch.unsafe_ptr()))
        var rounded = Rounded(rows * max(width, inner) if panels.dtype == DType.uint8 else 0)
        var normal = parts.take(rows * width)  # and what attention mixed
        var between = parts.take(rows * width)  # x after attention
        var wide = parts.take(broad)  # queries, keys and values, and then the MLP
        var after = numbers(output.unsafe_ptr())
        var first = numbers(x.unsafe_ptr())
        var all_vectors = Parts(numbers(vectors.unsafe_ptr()))
        var all_panels = Parts(numbers(panels.unsafe_ptr()))

        def job(mut member: Member) {imm}:
            var v = all_vectors
            var p = all_panels
            for layer in range(layers):
                var before = after if layer else first
                # ANCHOR: block
                var ln_1 = Norm(v.take(width), v.take(width), epsilon, width)
                ln_1.apply(member, normal, before, rows)
                var qkv = Epilogue(wide, 3 * width, v.take(3 * width))
                multiply[format](member, qkv, normal, rounded, p.take(c_attn), rows, width)
                caches.of(layer).attend(member, normal, wide)
                var attended = Epilogue[ADDS=True](between, width, v.take(width), before)
                multiply[format](member, attended, normal, rounded, p.take(c_proj), rows, width)
                var ln_2 = Norm(v.take(width), v.take(width), epsilon, width)
                ln_2.apply(member, normal, between, rows)
                var hidden = Epilogue[GELU=True](wide, inner, v.take(inner))
                multiply[format](member, hidden, normal, rounded, p.take(c_fc), rows, width)
                var finished = Epilogue[ADDS=True](after, width, v.take(width), between)
                multiply[format](member, finished, wide, rounded, p.take(mlp_c_proj), rows, inner)
                # ANCHOR_END: block

        together(PHASES * layers, job)
        _ = scratch^  # alive until here
        _ = rounded^


@register("head")
struct Head:
    """The last norm of x `[rows, width]`, and the logits: `[rows, vocab_size]`."""

    @staticmethod
    def execute[
        target: StaticString, epsilon: Float64, format: StaticString
    ](
        output: OutputTensor[dtype=DType.float32, rank=2, ...],
        x: InputTensor[dtype=DType.float32, rank=2, ...],
        ln_f_weight: InputTensor[dtype=DType.float32, rank=1, ...],
        ln_f_bias: InputTensor[dtype=DType.float32, rank=1, ...],
        panels: InputTensor[rank=1, ...],
    ) raises:
        var rows, width = x.dim_size(0), x.dim_size(1)
        var vocab_size = output.dim_size(1)
        require(panels.dim_size(0) == size[format](vocab_size, width), "panels of another size")
        var before = numbers(x.unsafe_ptr())
        var weight, bias = numbers(ln_f_weight.unsafe_ptr()), numbers(ln_f_bias.unsafe_ptr())
        var ln_f = Norm(weight, bias, epsilon, width)
        var weights = numbers(panels.unsafe_ptr())
        var logits = Epilogue(numbers(output.unsafe_ptr()), vocab_size)
        var normal_list = List[Float32](unsafe_uninit_length=rows * width)
        var normal = numbers(normal_list.unsafe_ptr())
        var rounded = Rounded(rows * width if panels.dtype == DType.uint8 else 0)

        def job(mut member: Member) {imm}:
            ln_f.apply(member, normal, before, rows)
            multiply[format](member, logits, normal, rounded, weights, rows, width)

        together(PHASES, job)
        _ = normal_list^
        _ = rounded^


def size[format: StaticString](n: Int, k: Int) -> Int:
    """Elements of the panels of a matrix `[n, k]`."""
    var blocks = (n + LANES - 1) // LANES * (k // BLOCK)
    comptime if format == "q8_0":
        return blocks * Q8_0.BYTES
    elif format == "q6_k":
        return blocks * Q6_K.BYTES
    elif format == "q4_0":
        return blocks * Q4_0.BYTES
    comptime LINE = line[DType.float16 if format == "f16" else DType.float32]
    return (n + LINE - 1) // LINE * LINE * k


@always_inline
def multiply[
    format: StaticString, dtype: DType
](
    mut member: Member,
    epilogue: Epilogue,
    x: Numbers,
    rounded: Rounded,
    panels: Stored[dtype],
    rows: Int,
    k: Int,
):
    """Multiplies x `[rows, k]` with panels of a format: a key of FORMATS in formats.py."""
    var bytes = panels.unsafe_bitcast[UInt8]()
    comptime if format == "q4_0":
        quantized_linear[Q4_0](member, epilogue, x, rounded, bytes, rows, k)
    elif format == "q6_k":
        quantized_linear[Q6_K](member, epilogue, x, rounded, bytes, rows, k)
    elif format == "q8_0":
        quantized_linear[Q8_0](member, epilogue, x, rounded, bytes, rows, k)
    else:
        linear(member, epilogue, x, panels, rows, k)
