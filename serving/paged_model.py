"""GPT-2 with MAX's own kernels over MAX's pages: for accelerators, and what our kernels cannot.

It is made of the steps' modules; only attention is another.
"""

import math
from functools import partial
from pathlib import Path

import numpy as np
from max import tree
from max.driver import CPU, Buffer, Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn.common_layers.functional_kernels import (
    flash_attention_ragged,
    store_k_cache_ragged,
)
from max.experimental.tensor import Tensor, TensorType
from max.nn.attention import MHAMaskVariant
from max.nn.kernels import store_v_cache_ragged
from max.nn.kv_cache import KVCacheInputsPerDevice, KVCacheParams, PagedCacheValues
from max.pipelines.kv_cache import PagedKVCacheManagerInterface

from gpt2.checkpoint.finite import check_logits
from gpt2.checkpoint.model import empty_model
from gpt2.checkpoint.weights import read_weights
from serving.request import Request
from solutions.solution_01 import GPT2Config
from solutions.solution_07 import GPT2MultiHeadAttention
from solutions.solution_11 import GPT2LMHeadModel

store_v_cache = F.functional(store_v_cache_ragged)


# ANCHOR: attention
class PagedAttention(GPT2MultiHeadAttention):
    """Step 7 for texts that lie one behind the other: keys and values go into MAX's pages."""

    params: KVCacheParams
    layer: int
    cache: PagedCacheValues
    offsets: Tensor  # uint32 [texts + 1], where each begins

    def forward(self, x: Tensor) -> Tensor:
        """x `[tokens, n_embd]` -> `[tokens, n_embd]`."""
        tokens, n_embd = x.shape[0], self.n_head * self.head_dim
        query, key, value = (
            part.reshape([tokens, self.n_head, self.head_dim])
            for part in F.split(self.c_attn(x), [n_embd, n_embd, n_embd], axis=-1)
        )
        layer = F.constant(self.layer, DType.uint32, device=CPU())
        store_k_cache_ragged(self.cache, key, self.offsets, layer)
        store_v_cache(self.cache, value, self.offsets, layer)
        mixed = flash_attention_ragged(
            self.params,
            input=query,
            input_row_offsets=self.offsets,
            kv_collection=self.cache,
            layer_idx=layer,
            mask_variant=MHAMaskVariant.CAUSAL_MASK,
            scale=1 / math.sqrt(self.head_dim),
        )
        return self.c_proj(mixed.reshape([tokens, n_embd]))
        # ANCHOR_END: attention


class PagedGPT2(GPT2LMHeadModel):
    """Step 11 for texts that lie one behind the other."""

    def __init__(self, config: GPT2Config, params: KVCacheParams) -> None:
        super().__init__(config)
        self._params = params
        for layer, block in enumerate(self.transformer.h):
            block.attn = PagedAttention(config)
            block.attn.params, block.attn.layer = params, layer

    def forward(
        self, ids: Tensor, positions: Tensor, kept: Tensor, offsets: Tensor, *cache: Tensor
    ) -> Tensor:
        """ids and positions int64 `[tokens]`, kept int64 -> logits `[kept, vocab_size]`."""
        leaves = iter(leaf._graph_value for leaf in cache)
        collected = self._params.unflatten_kv_inputs(leaves)
        [pages] = tree.leaves(collected, leaf=KVCacheInputsPerDevice)
        model = self.transformer
        x = model.wte(ids) + F.gather(model.wpe.weight, positions, axis=0)
        for block in model.h:
            block.attn.cache, block.attn.offsets = pages, offsets
            x = block(x)
        return model.ln_f(F.gather(x, kept, axis=0)) @ model.wte.weight.T


class PagedReader:
    """Calls it, compiled."""

    def __init__(
        self,
        folder: Path,
        config: GPT2Config,
        device: Device,
        manager: PagedKVCacheManagerInterface,
        params: KVCacheParams,
    ) -> None:
        """Compiles the model of a checkpoint, for a minute or two if MAX has not seen it."""
        weights = read_weights(folder, config)
        model = empty_model(config, device, partial(PagedGPT2, params=params))
        ids = TensorType(DType.int64, ["tokens"], device=device)
        kept = TensorType(DType.int64, ["kept"], device=device)
        offsets = TensorType(DType.uint32, ["ends"], device=device)
        types = [ids, ids, kept, offsets, *params.flattened_kv_inputs()]
        self._model = model.compile(*types, weights=weights)
        self._manager = manager
        self._device = device

    def read(self, batch: list[Request], kept: np.ndarray) -> np.ndarray:
        """See readers.Reader."""
        tokens = [request.tokens for request in batch]
        ids = np.concatenate([one.active for one in tokens])
        ranges = [np.arange(one.active_length) + one.processed_length for one in tokens]
        offsets = np.cumsum([0, *(one.active_length for one in tokens)], dtype=np.uint32)
        cache = tree.leaves(self._manager.runtime_inputs([batch]))
        own = map(self._buffer, (ids, np.concatenate(ranges), kept, offsets))
        logits = np.from_dlpack(self._model(*own, *cache).to(CPU()))
        check_logits(logits)
        return logits

    def _buffer(self, array: np.ndarray) -> Buffer:
        return Buffer.from_dlpack(np.ascontiguousarray(array)).to(self._device)
