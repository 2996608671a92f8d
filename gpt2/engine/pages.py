"""A cache for texts that come and go: step 19's pages, and the memory that they are."""

import os
from collections.abc import Sequence

import numpy as np
from max.driver import Buffer
from max.dtype import DType

from solutions.solution_01 import GPT2Config
from solutions.solution_19 import PageTable, Text

SIZE = 64  # tokens in a page; a multiple of a panel's 16
SHARE = 4  # at most, a cache is one of so many parts of the memory


class Pages:
    """The keys and values of all texts, in all layers; on the CPU.

    Attributes:
        table: which pages are whose.
        buffer: `[pages, 2, n_layer, n_head, SIZE, head_dim]`, as in a PagedCache. Linux
            gives memory to what is written first, so unused pages cost nothing.
    """

    def __init__(self, config: GPT2Config, texts: int, dtype: DType) -> None:
        """Room for so many texts of full length, or fewer, where memory is short."""
        page = dtype.size_in_bytes * 2 * config.n_layer * config.n_embd * SIZE  # bytes
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        each = -(-config.n_positions // SIZE)
        count = max(each, min(texts * each, memory // SHARE // page))
        self.table = PageTable(count, SIZE)
        shape = [count, 2, config.n_layer, config.n_head, SIZE, config.head_dim]
        self.buffer = Buffer.from_dlpack(np.zeros(shape, dtype.to_numpy()))

    def places(self, texts: Sequence[Text]) -> np.ndarray:
        """The pages of texts, int64 `[len(texts), most]`, filled up behind."""
        pages = [self.table.pages[text] for text in texts]
        most = max(map(len, pages))
        return np.array([own + [0] * (most - len(own)) for own in pages])
