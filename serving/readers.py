"""How the new tokens of a batch are read: by the engine's kernels, over MAX's pages."""

from typing import Protocol

import numpy as np
from max.driver import Buffer
from max.pipelines.kv_cache import PagedKVCacheManagerInterface

from gpt2.engine.engine import Engine
from serving.request import Request

PAGE_SIZE = 128  # tokens; MAX wants a multiple of that


class Reader(Protocol):
    """What a step calls."""

    def read(self, batch: list[Request], kept: np.ndarray) -> np.ndarray:
        """Reads the new tokens of texts, which have their pages.

        Args:
            batch: the texts; their new tokens lie one behind the other in one row.
            kept: int64, the places in that row whose logits to return.

        Returns:
            float32 `[kept, vocab_size]`.
        """


class KernelReader:
    """The engine, for which a text's pages are those that MAX gave it."""

    def __init__(self, engine: Engine, manager: PagedKVCacheManagerInterface) -> None:
        self._engine = engine
        self._manager = manager
        # MAX has tokens before heads in a page; the kernels have heads before tokens, and nobody
        # else looks into it.
        [pages] = manager.get_device_buffer(0).values
        config = engine.config
        sizes = [config.n_layer, config.n_head, PAGE_SIZE, config.head_dim]
        self._pages: Buffer = pages.view(engine.cache_dtype, [pages.shape[0], 2, *sizes])

    # ANCHOR: read
    def read(self, batch: list[Request], kept: np.ndarray) -> np.ndarray:
        """See Reader."""
        ids = [request.tokens.active for request in batch]
        past = np.array([request.tokens.processed_length for request in batch])
        own = [self._manager.get_req_blocks_per_leaf(request) for request in batch]
        rows = [pages for [pages] in map(dict.values, own)]
        most = max(map(len, rows))
        table = np.array([pages + [0] * (most - len(pages)) for pages in rows])
        return self._engine.step(ids, past, table, self._pages, kept)
        # ANCHOR_END: read
