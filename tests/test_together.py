"""Texts that are written together, by step 19's scheduler: who comes, who waits, who gives way."""

import numpy as np
import pytest

from gpt2.engine.pages import SIZE, Pages
from gpt2.text import together
from gpt2.text.options import Options
from gpt2.text.together import write_together
from solutions.solution_19 import PageTable

LONG = "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n"
PROMPTS = ["ROMEO:", LONG, "To be", LONG * 2 + "KING", "JULIET:\nO", LONG + "MENENIUS:", "A", LONG]


@pytest.fixture
def reads(model, monkeypatch):
    """What the engine is asked to read, a list for each step: how many tokens of each text."""
    steps = []
    step = model.engine.step

    def watched(ids, *where):
        steps.append(list(map(len, ids)))
        return step(ids, *where)

    monkeypatch.setattr(model.engine, "step", watched)
    return steps


def alone(model, prompt: str, seed: int, **options: object) -> list[int]:
    (text,) = model.generate(prompt, seed=seed, **options)
    return text.ids


def assert_same_as_alone(model, prompts: list[str], **options: object) -> None:
    texts = model.generate(prompts, seed=1, **options)
    for number, (prompt, text) in enumerate(zip(prompts, texts, strict=True)):
        assert text.ids == alone(model, prompt, 1 + number, **options), prompt


def test_texts_that_begin_alike_are_read_once(model, reads):
    count = len(model.tokenizer.encode(LONG * 2))
    texts = model.generate(LONG * 2, samples=6, seed=3, max_new_tokens=4)
    assert len({text.text for text in texts}) > 1
    prompts = sum(tokens for step in reads for tokens in step if tokens > 1)
    own = count - (count - 1) // SIZE * SIZE  # what does not fill a page
    assert prompts == count + 5 * own < 3 * count


def test_who_ends_makes_room_and_who_comes_is_read_while_others_write(model, reads, monkeypatch):
    monkeypatch.setattr(together, "AT_ONCE", 3)
    monkeypatch.setattr(together, "BUDGET", 40)
    assert_same_as_alone(model, PROMPTS, stop=["\n"], max_new_tokens=30)
    assert max(step.count(1) for step in reads) == 3
    assert any(1 in step and max(step) > 1 for step in reads)
    assert all(sum(step) <= 40 + 3 for step in reads)


def test_who_came_last_gives_way_where_pages_run_out(model, reads, monkeypatch):
    def few_pages(config, texts, dtype):
        pages = Pages(config, 1, dtype)
        pages.table = PageTable(config.n_positions // SIZE, SIZE)
        return pages

    monkeypatch.setattr(together, "Pages", few_pages)
    preempted = []
    preempt = together.Scheduler.preempt
    monkeypatch.setattr(
        together.Scheduler, "preempt", lambda s, text: (preempted.append(text), preempt(s, text))
    )
    assert_same_as_alone(model, PROMPTS, temperature=0.9, max_new_tokens=70)
    assert preempted


@pytest.mark.slow
def test_a_full_context_is_the_texts_own_matter(model):
    limit = model.engine.config.n_positions
    prompts = ["ROMEO:", LONG * 12, LONG]
    assert max(len(model.tokenizer.encode(prompt)) for prompt in prompts) > limit
    assert_same_as_alone(model, prompts, temperature=0.9, max_new_tokens=limit + 20)


def test_texts_are_asked_for_as_there_is_room(model, monkeypatch):
    monkeypatch.setattr(together, "AT_ONCE", 2)
    begun = []

    def coming():
        for number in range(6):
            begun.append(number)
            yield model.start("ROMEO:", Options(max_new_tokens=3 + 5 * number, seed=number))

    ended = 0
    for continuation in write_together(model.engine, coming()):
        ended += 1
        assert len(begun) <= ended + 2
        assert continuation.finish_reason == "length"
    assert ended == 6


@pytest.mark.parametrize("lengths", [[1], [SIZE], [SIZE + 1, 3, 2 * SIZE, 1, SIZE - 1]])
def test_logits_of_pages_are_those_of_a_cache_in_one_piece(engine, lengths, rng):
    """To the last bit, however the pages lie and the tokens are cut."""
    pages = Pages(engine.config, len(lengths), engine.cache_dtype)
    rng.shuffle(pages.table.unused)
    texts = [
        together.Text(rng.integers(engine.config.vocab_size, size=count).tolist())
        for count in lengths
    ]
    for text in texts:
        pages.table.allocate(text)
        assert pages.table.append(text, len(text.ids))
        cache = engine.new_cache(np.zeros(1, np.int64))
        expected = engine.forward(cache, np.array([text.ids]))[0]
        while text.read < len(text.ids):
            logits = engine.read(pages, [text], [min(50, len(text.ids) - text.read)])
        np.testing.assert_array_equal(logits, expected)
