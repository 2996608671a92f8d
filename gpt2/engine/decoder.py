"""The model as the engine runs it: step 11's, with a cache, and few of the logits.

One graph does everything: it reads a prompt of 500 tokens, continues it, continues many texts,
and checks drafts.
"""

from max.driver import Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.compilation import as_subgraph
from max.experimental.nn import Module, ModuleList
from max.experimental.tensor import Tensor, TensorType, default_dtype
from max.graph import BufferType, DeviceRef

from gpt2.engine.attention import CachedBlock
from gpt2.engine.formats import BF16, FORMATS, PLAIN, cache_dtype, layer_sizes
from gpt2.engine.kernels import PagedCache, blocks, head
from solutions.solution_01 import GPT2Config
from solutions.solution_03 import LayerNorm
from solutions.solution_11 import GPT2LMHeadModel


class Decoder(GPT2LMHeadModel):
    """Step 11's model for texts that grow, by MAX's own operations, on any device."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__(config)
        self.transformer.h = ModuleList(CachedBlock(config) for _ in range(config.n_layer))

    def forward(
        self, input_ids: Tensor, positions: Tensor, logits_to_keep: Tensor, *cache: Tensor
    ) -> Tensor:
        """The logits of new tokens, whose keys and values go into the cache.

        Args:
            input_ids: int64 `[batch, seq]`, the new tokens.
            positions: int64 `[batch, seq]`, each below n_positions.
            logits_to_keep: int64 `[kept]`, the places among the seq new tokens whose logits are
                asked for. Of a prompt, only the last: a third of the work would be the head's.
            cache: for each layer its keys and its values, and a LayerCache's mask.

        Returns:
            float32 `[batch, kept, vocab_size]`.
        """
        transformer = self.transformer
        x = transformer.wte(input_ids)
        x = x + F.gather(transformer.wpe.weight, positions, axis=0)  # [batch, seq, n_embd]
        for layer, block in enumerate(transformer.h):
            own = (*cache[2 * layer : 2 * layer + 2], cache[-1].cast(x.dtype))
            # Compiled once for all layers, which differ only in their weights.
            x = as_subgraph(block, name="block")(x, *own)
        x = F.gather(x, logits_to_keep, axis=1)  # [batch, kept, n_embd]
        logits = transformer.ln_f(x) @ transformer.wte.weight.T
        return logits.cast(DType.float32)


class Float32Norm(LayerNorm):
    """Step 3's norm of numbers with fewer bits, which are too few for a mean of squares."""

    def __init__(self, dim: int, *, eps: float) -> None:
        with default_dtype(DType.float32):
            super().__init__(dim, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """x `[..., dim]` -> `[..., dim]`, of the same dtype."""
        return super().forward(x.cast(DType.float32)).cast(x.dtype)


class KernelDecoder(Module[..., Tensor]):
    """The same by kernels of our own, on the CPU: all blocks are one, the head is another.

    To launch a kernel costs microseconds whatever it does, and for one token it does next to
    nothing. Parameters: as `packing.packed` makes them.
    """

    def __init__(self, config: GPT2Config, form: str) -> None:
        self._epsilon, self._form = config.layer_norm_epsilon, form
        vectors, panels = layer_sizes(config, form)
        dtype = DType.from_numpy(FORMATS[form].dtype)
        self.wte = Tensor.zeros([config.vocab_size, config.n_embd])
        self.wpe = Tensor.zeros([config.n_positions, config.n_embd])
        self.vectors = Tensor.zeros([config.n_layer, vectors])
        self.panels = Tensor.zeros([config.n_layer, panels], dtype=dtype)
        self.ln_f_weight = Tensor.zeros([config.n_embd])
        self.ln_f_bias = Tensor.zeros([config.n_embd])
        size = FORMATS[form].count(config.vocab_size, config.n_embd)
        self.head = Tensor.zeros([size], dtype=dtype)

    def forward(
        self, input_ids: Tensor, positions: Tensor, logits_to_keep: Tensor, *cache: Tensor
    ) -> Tensor:
        """As Decoder's, of a batch of 1, the new tokens of all texts; cache: a PagedCache."""
        x = F.gather(self.wte, input_ids, axis=0) + F.gather(self.wpe, positions, axis=0)
        x = blocks(x, self.vectors, self.panels, PagedCache(*cache), self._epsilon, self._form)
        x = F.gather(x, logits_to_keep, axis=1)  # [1, kept, n_embd]
        norm = self.ln_f_weight, self.ln_f_bias
        return head(x, *norm, self.head, int(self.wte.shape[0]), self._epsilon, self._form)


def make_decoder(config: GPT2Config, layout: str) -> Module:
    """The decoder of a layout: PLAIN, BF16, or a key of formats.FORMATS."""
    if layout == PLAIN:
        return Decoder(config)
    if layout in FORMATS:
        return KernelDecoder(config, layout)
    with default_dtype(DType.bfloat16):
        decoder = Decoder(config)

    def norm() -> LayerNorm:
        return Float32Norm(config.n_embd, eps=config.layer_norm_epsilon)

    for block in decoder.transformer.h:
        block.ln_1, block.ln_2 = norm(), norm()
    decoder.transformer.ln_f = norm()
    return decoder


def input_types(config: GPT2Config, layout: str, device: Device) -> list[TensorType | BufferType]:
    """The types of forward's arguments."""
    where = DeviceRef.from_device(device)

    def integers(*shape: str | int) -> TensorType:
        return TensorType(DType.int64, shape, device=device)

    def buffer(*shape: str | int) -> BufferType:
        return BufferType(cache_dtype(layout), shape, device=where)

    sizes = (config.n_head, "capacity", config.head_dim)
    if layout in (PLAIN, BF16):
        mask = TensorType(DType.float32, ["batch", 1, "seq", "total"], device=device)
        cache = [*[buffer("batch", *sizes)] * (2 * config.n_layer), mask]
        batch = "batch"
    else:
        pages = buffer("pages", 2, config.n_layer, *sizes)
        cache = [pages, integers("texts", "most"), integers("texts"), integers("ends")]
        batch = 1
    ids = integers(batch, "seq")
    return [ids, ids, integers("kept"), *cache]
