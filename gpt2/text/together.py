"""Many texts, written together: who ends makes room at once, who comes is read while others go on.

Source: Yu et al., "Orca: A Distributed Serving System for Transformer-Based Generative Models"
(2022), section 3.1, on iteration-level scheduling.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from gpt2.engine.engine import Engine
from gpt2.engine.pages import Pages
from gpt2.text.continuation import Continuation
from solutions.solution_19 import Scheduler, Text

AT_ONCE = 32  # texts, at most
BUDGET = 256  # tokens of prompts that are read in one step, while the others wait


def write_together(engine: Engine, continuations: Iterable[Continuation]) -> Iterator[Continuation]:
    """Finishes texts, and yields each when it is finished.

    A text is the same as alone, to the last bit.

    Args:
        engine: the model, whose layout is paged.
        continuations: the texts; they are asked for as there is room for them.
    """
    coming = iter(continuations)
    first = [text for _, text in zip(range(AT_ONCE), coming, strict=False)]
    pages = Pages(engine.config, len(first), engine.cache_dtype)
    scheduler = Scheduler(pages.table, AT_ONCE)
    limit = engine.config.n_positions
    writing: dict[Text, Continuation] = {}

    def add(continuation: Continuation) -> None:
        text = Text(continuation.ids[-limit:])
        writing[text] = continuation
        scheduler.waiting.append(text)

    for continuation in first:
        add(continuation)
    # ANCHOR: loop
    while writing:
        for text, logits in _read(engine, pages, *scheduler.step()):
            continuation = writing[text]
            token = continuation.choose(logits)
            continuation.push(token, logits)
            if continuation.finish_reason is not None:
                scheduler.finish(text)
                del writing[text]
                yield continuation
                if (following := next(coming, None)) is not None:
                    add(following)
            elif len(text.ids) < limit:
                text.ids.append(token)
            else:  # the older half is dropped, and the rest read again
                text.ids = continuation.ids[-(limit // 2) :]
                scheduler.preempt(text)
    # ANCHOR_END: loop


def _read(
    engine: Engine, pages: Pages, prefill: list[Text], decode: list[Text]
) -> Iterator[tuple[Text, np.ndarray]]:
    """One step: tokens of prompts, and one of each other text; with logits where all is read."""
    left = BUDGET
    counts = dict.fromkeys(decode, 1)
    for text in prefill:
        counts[text] = min(len(text.ids) - text.read, left)
        left -= counts[text]
    counts = {text: count for text, count in counts.items() if count > 0}
    texts = list(counts)
    logits = engine.read(pages, texts, list(counts.values()))
    for text, row in zip(texts, logits, strict=True):
        if text.read == len(text.ids):
            yield text, row
