"""The model as the engine runs it: step 11's, with a cache, and few of the logits."""

from max.driver import Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.compilation import as_subgraph
from max.experimental.nn import ModuleList
from max.experimental.tensor import Tensor, TensorType
from max.graph import BufferType, DeviceRef

from gpt2.engine.layouts import WeightLayout, replace_linears
from solutions.solution_01 import GPT2Config
from solutions.solution_11 import GPT2LMHeadModel


class Decoder(GPT2LMHeadModel):
    """Step 11's model for texts that grow.

    One graph does everything: it reads a prompt (batch 1, seq 500), continues it (1, 1),
    continues many (8, 1), and checks drafts (1, 5).
    """

    def __init__(self, config: GPT2Config, layout: WeightLayout) -> None:
        super().__init__(config)
        self.transformer.wte = layout.embedding(config)
        self.transformer.h = ModuleList(layout.block(config) for _ in range(config.n_layer))
        self.paged = layout.paged
        replace_linears(self.transformer.h, layout.linear)

    def forward(
        self,
        input_ids: Tensor,
        positions: Tensor,
        logits_to_keep: Tensor,
        *cache: Tensor,
    ) -> Tensor:
        """The logits of new tokens, whose keys and values go into the cache.

        Args:
            input_ids: int64 `[batch, seq]`, the new tokens.
            positions: int64 `[batch, seq]`, each below n_positions.
            logits_to_keep: int64 `[kept]`, the places among the seq new tokens whose logits are
                asked for. Of a prompt, only the last: a third of the work would be the head's.
            cache: where the layout is paged, what a PagedCache has besides its layer, and batch
                is 1; otherwise for each layer its keys and its values, and a LayerCache's mask.

        Returns:
            float32 `[batch, kept, vocab_size]`.
        """
        transformer = self.transformer
        x = transformer.wte(input_ids)
        x = x + F.gather(transformer.wpe.weight, positions, axis=0)  # [batch, seq, n_embd]
        for layer, block in enumerate(transformer.h):
            if self.paged:
                own = (F.constant([layer], DType.int64, device=x.device), *cache)
            else:
                own = (*cache[2 * layer : 2 * layer + 2], cache[-1])
            # Compiled once for all layers, which differ only in their weights.
            x = as_subgraph(block, name="block")(x, *own)
        x = F.gather(x, logits_to_keep, axis=1)  # [batch, kept, n_embd]
        return transformer.wte.logits(x, transformer.ln_f)


def input_types(
    config: GPT2Config, layout: WeightLayout, device: Device
) -> list[TensorType | BufferType]:
    """The types of forward's arguments."""
    where = DeviceRef.from_device(device)

    def integers(*shape: str | int) -> TensorType:
        return TensorType(DType.int64, shape, device=device)

    def buffer(*shape: str | int) -> BufferType:
        return BufferType(DType.float32, shape, device=where)

    sizes = (config.n_head, "capacity", config.head_dim)
    if layout.paged:
        pages = buffer("pages", 2, config.n_layer, *sizes)
        cache = [pages, integers("texts", "most"), integers("texts"), integers("ends")]
        batch = 1
    else:
        mask = TensorType(DType.float32, ["batch", 1, "seq", "total"], device=device)
        cache = [*[buffer("batch", *sizes)] * (2 * config.n_layer), mask]
        batch = "batch"
    ids = integers(batch, "seq")
    return [ids, ids, integers("kept"), *cache]
