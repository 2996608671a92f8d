"""The parameters of step 11's model, by arithmetic: a checkpoint is judged before it is built."""

from collections.abc import Iterator

from solutions.solution_01 import GPT2Config


def parameter_shapes(config: GPT2Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The name and the shape of every parameter of GPT2LMHeadModel."""
    width, inner = config.n_embd, config.inner_dim
    block = {
        "ln_1.weight": (width,),
        "ln_1.bias": (width,),
        "attn.c_attn.weight": (3 * width, width),
        "attn.c_attn.bias": (3 * width,),
        "attn.c_proj.weight": (width, width),
        "attn.c_proj.bias": (width,),
        "ln_2.weight": (width,),
        "ln_2.bias": (width,),
        "mlp.c_fc.weight": (inner, width),
        "mlp.c_fc.bias": (inner,),
        "mlp.c_proj.weight": (width, inner),
        "mlp.c_proj.bias": (width,),
    }
    yield "transformer.wte.weight", (config.vocab_size, width)
    yield "transformer.wpe.weight", (config.n_positions, width)
    for layer in range(config.n_layer):
        for name, shape in block.items():
            yield f"transformer.h.{layer}.{name}", shape
    yield "transformer.ln_f.weight", (width,)
    yield "transformer.ln_f.bias", (width,)
