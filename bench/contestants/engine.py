"""This project's engine, plain and guessing ahead."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from max.driver import CPU

from bench.contestants import SAMPLING
from bench.weights import read, save
from gpt2.checkpoint.config import read_config
from gpt2.engine.engine import Engine
from gpt2.engine.pages import Pages
from gpt2.language_model import LOOKUP_DRAFTS, LanguageModel
from gpt2.text.continuation import Continuation
from gpt2.text.drafters import PromptLookup
from gpt2.text.options import Options
from gpt2.text.speculation import speculate
from solutions.solution_19 import Text


class ThisEngine:
    """The engine, called as `gpt2 generate` calls it."""

    def __init__(self, folder: Path, quantize: str | None = None) -> None:
        self._engine = Engine(folder, read_config(folder), CPU(), quantize)

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        cache = self._engine.new_cache(np.zeros(1, np.int64))
        new = np.array([ids])
        for _ in range(count):
            token = int(self._engine.forward(cache, new)[0, -1].argmax())
            yield token
            new = np.array([[token]])

    def sample(self, ids: list[int], count: int) -> Iterator[int]:
        options = Options(**SAMPLING, max_new_tokens=count)
        text = Continuation(NoText(), ids, options, seed=1)
        for _ in LanguageModel(self._engine, NoText(), None, lookup=False).write(text):
            yield text.ids[-1]

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        pages = Pages(self._engine.config, len(prompts), self._engine.cache_dtype)
        texts = [Text(list(ids)) for ids in prompts]
        for text in texts:
            pages.table.allocate(text)
        for _ in range(count):
            for text in texts:
                pages.table.append(text, len(text.ids))
            counts = [len(text.ids) - text.read for text in texts]
            logits = self._engine.read(pages, texts, counts)
            chosen = logits.argmax(axis=-1).tolist()
            for text, token in zip(texts, chosen, strict=True):
                text.ids.append(token)
            yield chosen


class NoText:
    """Stands where a tokenizer does: these tokens are random, and mean no text."""

    end_of_text = None

    def stream(self, prompt: list[int]) -> "NoText":
        return self

    def push(self, token: int) -> str:
        return ""

    def finish(self) -> str:
        return ""


class GuessingEngine:
    """The engine with drafts that the text itself makes, where it repeats itself.

    Without positions a greedy text soon goes round in circles, so its model has none; a step
    of it is as much work as a step of the others.
    """

    def __init__(self, folder: Path) -> None:
        weights = read(folder)
        weights.arrays["wpe.weight"][:] = 0
        circling = folder / "circling"
        save(weights, circling)
        self._engine = Engine(circling, weights.config, CPU())

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        options = Options(temperature=0, max_new_tokens=count)
        text = Continuation(NoText(), ids, options, seed=None)
        for _ in speculate(self._engine, PromptLookup(), text, LOOKUP_DRAFTS):
            yield text.ids[-1]
