"""The sampling strategies, beside transformers' logits processors on the same logits."""

import functools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chisquare

from gpt2.text.options import Options
from gpt2.text.sampling import candidates, choose, log_softmax, penalized, probabilities
from peer_options import peer_options
from solutions.solution_14 import NEVER, min_p, repetition_penalty, softmax, top_k, top_p

VOCAB_SIZE = 40
IMPROBABLE = 1e-4

OPTIONS = st.builds(
    Options,
    temperature=st.sampled_from([0.0, 0.3, 0.8, 1.0, 1.7]),
    top_k=st.sampled_from([0, 1, 5, VOCAB_SIZE, 1000]),
    top_p=st.sampled_from([0.05, 0.5, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
    repetition_penalty=st.sampled_from([0.7, 1.0, 1.3]),
)
EDGES = st.builds(
    Options,
    temperature=st.sampled_from([1e-308, 1e-6, 1.0, 1000.0]),
    top_k=st.sampled_from([0, 1, 2**64]),
    top_p=st.sampled_from([0.0, 1e-300, 1.0]),
    min_p=st.sampled_from([0.0, 1e-300, 1.0]),
    repetition_penalty=st.sampled_from([0.01, 1.0, 100.0]),
)
LOGITS = arrays(np.float32, VOCAB_SIZE, elements=st.floats(-20, 20, width=32), unique=True)
IDS = st.lists(st.integers(0, VOCAB_SIZE - 1), min_size=1, max_size=30)


@functools.cache
def transformers_model():
    """A model for the sake of its generate, which knows the order of the processors."""
    pytest.importorskip("torch", reason="uv sync --group train")
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config(vocab_size=VOCAB_SIZE, n_embd=4, n_layer=1, n_head=1))


def transformers_logits(options: Options, logits: np.ndarray, ids: list[int]) -> np.ndarray:
    """What transformers' own processors make of the logits, in the order of its generate."""
    model = transformers_model()
    import torch
    from transformers import GenerationConfig

    config = GenerationConfig(**peer_options(options))
    processors = model._get_logits_processor(config, input_ids_seq_length=len(ids))
    return processors(torch.tensor([ids]), torch.tensor(logits)[None])[0].numpy()


@pytest.mark.slow
@settings(max_examples=300)
@given(OPTIONS, LOGITS, IDS)
def test_the_strategies_are_those_of_transformers(options, logits, ids):
    expected = transformers_logits(options, logits, ids)
    if options.greedy:
        np.testing.assert_allclose(penalized(logits, ids, options), expected, rtol=1e-5)
        return
    found = probabilities(logits, ids, options)
    np.testing.assert_array_equal(found == 0, expected == NEVER)
    np.testing.assert_allclose(found, softmax(expected), rtol=1e-4)


def step_14(logits: np.ndarray, ids: list[int], options: Options) -> np.ndarray:
    """Probabilities by the lesson's functions, each of the whole vocabulary."""
    logits = repetition_penalty(logits, ids, options.repetition_penalty)
    logits = top_k(logits / options.temperature, options.top_k or len(logits))
    logits = top_p(logits, options.top_p) if options.top_p < 1 else logits
    return softmax(min_p(logits, options.min_p))


@st.composite
def many_logits(draw) -> np.ndarray:
    """Flat or peaked, some of them equal, some of them minus infinity."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    logits = rng.normal(size=draw(st.sampled_from([3, 40, 257, 3000])))
    logits *= draw(st.sampled_from([0.0, 1e-3, 0.7, 4.0, 200.0]))
    logits[rng.integers(len(logits), size=3)] += draw(st.sampled_from([0.0, 5.0, 1e6]))
    step = draw(st.sampled_from([0.0, 0.5, 3.0]))  # equal where rounded
    logits = np.round(logits / step) * step if step else logits
    never = rng.random(len(logits)) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    never[rng.integers(len(logits))] = False
    return np.where(never, NEVER, logits).astype(np.float32)


MANY = st.builds(
    Options,
    temperature=st.sampled_from([1e-6, 0.8, 1.0, 1000.0]),
    top_k=st.sampled_from([0, 1, 2, 40, 1000, 2900, 2**64]),
    top_p=st.sampled_from([0.0, 1e-300, 0.3, 0.95, 0.9999, 1 - 2**-53, 1.0]),
    min_p=st.sampled_from([0.0, 1e-300, 1e-3, 0.2, 1.0]),
    repetition_penalty=st.sampled_from([0.01, 1.0, 1.3]),
)


@given(MANY, many_logits(), st.integers(0, 2**32))
def test_the_same_seed_gives_the_token_that_step_14_gives(options, logits, seed):
    """`choose` adds and sorts little; what it draws is as if it had sorted all."""
    expected = step_14(logits, [0, 1], options)
    np.testing.assert_allclose(probabilities(logits, [0, 1], options), expected, rtol=1e-9)
    ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
    for _ in range(5):
        token = choose(logits, [0, 1], options, ours)
        assert token == theirs.choice(len(logits), p=expected)


@pytest.mark.parametrize("top_p", [1.0, 0.95, 0.3])
@pytest.mark.parametrize("spread", [0.5, 3.0])
def test_numbers_at_an_edge_are_decided_exactly(spread, top_p, rng):
    """Where one token's share ends and the next begins, float32 cannot tell them apart."""
    logits = (rng.normal(size=50257) * spread).clip(-6).astype(np.float32)
    logits[-5:] = NEVER
    options = Options(top_p=top_p)
    expected = step_14(logits, [0], options)
    kept, edges = np.flatnonzero(expected), np.cumsum(expected)

    tokens = candidates(logits, options)
    for place in rng.integers(len(kept) - 1, size=20):
        edge = edges[kept[place]]
        assert tokens.draw(edge - 1e-11) == kept[place]
        assert tokens.draw(edge + 1e-11) == kept[place + 1]
    assert tokens.draw(1.0) == kept[-1]  # to which a number below 1 may be rounded


def test_a_nucleus_ends_exactly_where_its_sum_is_reached(rng):
    """Beside a tail in which each token has about what cannot be left out, and a deep one."""
    near, far = rng.normal(size=2500) * 0.01 - 7, np.full(500, -11.0)
    logits = np.concatenate([[0.0] * 3, near, far, [-60.0]])
    logits = rng.permutation(logits).astype(np.float32)
    sums = np.cumsum(np.sort(softmax(logits))[::-1])
    for place in rng.integers(1200, 2300, size=20):
        for p in (sums[place] - 1e-11, sums[place] + 1e-11):
            found = probabilities(logits, [0], Options(top_p=float(p)))
            np.testing.assert_array_equal(found > 0, top_p(logits, p) > NEVER)


@given(LOGITS, IDS, st.integers(0, 30), st.floats(-2, 2), st.floats(-2, 2))
def test_penalties_are_those_of_openais_reference(logits, ids, prompt, frequency, presence):
    """mu[j] -> mu[j] - c[j] * alpha_frequency - float(c[j] > 0) * alpha_presence"""
    options = Options(temperature=0, frequency_penalty=frequency, presence_penalty=presence)
    counts = Counter(ids[prompt:])
    lowered = [counts[j] * frequency + (counts[j] > 0) * presence for j in range(VOCAB_SIZE)]
    expected = logits - lowered
    np.testing.assert_allclose(penalized(logits, ids, options, prompt), expected, atol=1e-4)


@pytest.mark.filterwarnings("error")
@given(OPTIONS | EDGES, LOGITS | LOGITS.map(lambda logits: logits * 1000), IDS)
def test_probabilities_sum_to_1_and_greedy_is_the_limit(options, logits, ids):
    chances = probabilities(logits, ids, options)
    assert chances.sum() == pytest.approx(1)
    likeliest = choose(logits, ids, replace(options, temperature=0), np.random.default_rng())
    assert chances[likeliest] > 0
    if options.temperature <= 1e-6 or options.top_p < 1e-9 or options.min_p == 1:
        assert chances[likeliest] == chances.max()
        assert choose(logits, ids, options, np.random.default_rng()) in np.flatnonzero(chances)


def test_tokens_are_drawn_by_their_probability(rng):
    logits = np.array([0.5, 2.0, -1.0, 1.0, 0.0], np.float32)
    options = Options(temperature=0.7, top_k=4)
    drawn = [choose(logits, [0], options, rng) for _ in range(20_000)]
    expected = 20_000 * probabilities(logits, [0], options)
    counts = np.bincount(drawn, minlength=5)
    assert counts[2] == expected[2] == 0
    assert chisquare(np.delete(counts, 2), np.delete(expected, 2)).pvalue > IMPROBABLE


def test_logarithms_of_probabilities_are_those_of_scipy(rng):
    logits = rng.normal(size=50257).astype(np.float32) * 10
    np.testing.assert_allclose(
        log_softmax(logits), scipy.special.log_softmax(logits.astype(np.float64))
    )
