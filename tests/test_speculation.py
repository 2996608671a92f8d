"""Drafting ahead changes how many steps a text takes, and nothing else."""

import collections
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from gpt2 import load
from gpt2.errors import UserError
from gpt2.language_model import LanguageModel
from gpt2.text.drafters import PromptLookup
from gpt2.text.options import Options
from gpt2.text.sampling import probabilities
from gpt2.text.speculation import Draft, speculate
from solutions.solution_18 import accept, remainder

IMPROBABLE = 1e-4  # a right sampler falls below this once in ten thousand seeds; ours is fixed
REPEATING = "A rose, a rose, a rose, a rose, a rose, a"


@pytest.fixture
def drafting(model) -> LanguageModel:
    """The shipped model, whose text itself is the drafter."""
    return LanguageModel(model.engine, model.tokenizer, draft=None, lookup=True)


class OftenWrong:
    """Drafts from a distribution that is not the model's."""

    def __init__(self, vocab_size: int, count: int = 3) -> None:
        self._rng = np.random.default_rng(0)
        self._vocab_size = vocab_size
        self._count = count

    def draft(self, continuation, count):
        drafts = []
        for _ in range(min(count, self._count)):
            probabilities = self._rng.dirichlet(np.full(self._vocab_size, 0.3))
            token = int(continuation.rng.choice(self._vocab_size, p=probabilities))
            drafts.append(Draft(token, probabilities))
        return drafts


def count_steps(model, monkeypatch) -> list[int]:
    rows = []
    forward = model.engine.forward

    def watched(cache, ids, logits_to_keep=1):
        rows.append(ids.shape[1])
        return forward(cache, ids, logits_to_keep)

    monkeypatch.setattr(model.engine, "forward", watched)
    return rows


@given(seed=st.integers(0, 2**32 - 1))
def test_a_kept_or_replaced_draft_has_the_models_distribution(seed):
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
    total = np.zeros(6)  # the probability of each token, by cases instead of by draws
    for token in range(6):
        kept = min(1, p[token] / q[token])
        total[token] += q[token] * kept
        total += q[token] * (1 - kept) * remainder(p, q)
    np.testing.assert_allclose(total, p, atol=1e-12)


def test_drafts_are_kept_as_often_as_they_should_be(rng):
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    for token, expected in enumerate([1, 1, 1 / 3]):
        kept = sum(accept(token, p, q, rng) for _ in range(6000))
        assert binomtest(kept, 6000, expected).pvalue > IMPROBABLE


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seed_gives_the_same_text_with_lookup_and_without(model, drafting, seed):
    options = {"temperature": 0.6, "top_p": 0.9, "seed": seed, "max_new_tokens": 400}
    assert drafting.generate(REPEATING, **options) == model.generate(REPEATING, **options)


@pytest.mark.slow
def test_sampled_texts_have_the_models_distribution():
    model = load("i-love-ai")
    vocab_size, prompt = model.engine.config.vocab_size, model.tokenizer.encode("I")
    options = Options(temperature=2.5, max_new_tokens=3)

    def logits_after(ids):
        cache = model.engine.new_cache(np.zeros(1, np.int64))
        return model.engine.forward(cache, np.array([ids]))[0, -1]

    expected = {}
    for first in range(vocab_size):
        for second in range(vocab_size):
            ids = list(prompt)
            probability = 1.0
            for token in (first, second):
                probability *= probabilities(logits_after(ids), ids, options)[token]
                ids.append(token)
            expected[first, second] = probability

    drafter = OftenWrong(vocab_size)
    counts = collections.Counter()
    draws = 3000
    for seed in range(draws):
        continuation = model.start("I", Options(temperature=2.5, max_new_tokens=3, seed=seed))
        for _ in speculate(model.engine, drafter, continuation, 3):
            pass
        counts[tuple(continuation.new_ids[:2])] += 1
    pairs = sorted(expected, key=expected.__getitem__)
    variation = chisquare(
        [counts[pair] for pair in pairs], [draws * expected[pair] for pair in pairs]
    )
    assert variation.pvalue > IMPROBABLE


@pytest.mark.parametrize("prompt", [REPEATING, "ROMEO:", "x"])
def test_greedy_text_is_the_same_with_lookup_and_without(model, drafting, prompt, monkeypatch):
    options = {"temperature": 0.0, "max_new_tokens": 400}  # more than the context
    expected = model.generate(prompt, **options)
    rows = count_steps(drafting, monkeypatch)
    assert drafting.generate(prompt, **options) == expected
    if prompt == REPEATING:
        assert len(rows) < 200, "so few drafts were right"


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_a_model_drafts_for_another(model, temperature, monkeypatch):
    drafted = load("shakespeare", speculate="shakespeare")
    options = {"temperature": temperature, "seed": 3, "max_new_tokens": 400}
    expected = model.generate("x", **options)
    rows = count_steps(drafted, monkeypatch)
    (text,) = drafted.generate("x", **options)
    assert len(rows) < 200, "so few drafts were right"
    assert temperature > 0 or [text] == expected


def test_a_text_that_repeats_itself_takes_a_fraction_of_the_steps(drafting, monkeypatch):
    rows = count_steps(drafting, monkeypatch)
    (text,) = drafting.generate("ROMEO:", temperature=0, max_new_tokens=200)
    print(f"200 tokens in {len(rows)} steps: {text.text[:60]!r}")
    assert len(rows) <= 80


def test_options_hold_while_drafting(drafting):
    (text,) = drafting.generate(REPEATING, temperature=0, stop=["ose"], max_new_tokens=50)
    assert "ose" not in text.text
    (text,) = drafting.generate(
        REPEATING, temperature=0.7, top_k=3, seed=1, max_new_tokens=50, log_probabilities=True
    )
    assert len(text.ids) == len(text.log_probabilities) == 50


def test_lookup_drafts_what_followed_the_last_time():
    def drafts(*ids: int) -> list[int]:
        return [draft.token for draft in PromptLookup().draft(SimpleNamespace(ids=ids), 4)]

    assert drafts(1, 2, 3, 9, 8, 1, 2, 3, 7, 6, 5, 1, 2, 3) == [7, 6, 5, 1]
    assert drafts(4, 5, 4, 5) == [4, 5, 4, 5]  # it goes round in circles
    assert drafts(6, 6, 6) == [6, 6, 6, 6]
    assert drafts(1, 2, 3, 4) == []
    assert drafts(5) == []


def test_a_draft_of_another_vocabulary_is_refused():
    with pytest.raises(UserError, match="i-love-ai cannot draft for this model: its vocabulary"):
        load("shakespeare", speculate="i-love-ai")
