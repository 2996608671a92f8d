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
from gpt2.text.sampling import NEVER, choose, log_softmax, probabilities, reshaped
from peer_options import peer_options

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
    found = reshaped(logits, ids, options)
    np.testing.assert_array_equal(found == NEVER, expected == NEVER)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@given(LOGITS, IDS, st.integers(0, 30), st.floats(-2, 2), st.floats(-2, 2))
def test_penalties_are_those_of_openais_reference(logits, ids, prompt, frequency, presence):
    """mu[j] -> mu[j] - c[j] * alpha_frequency - float(c[j] > 0) * alpha_presence"""
    options = Options(temperature=0, frequency_penalty=frequency, presence_penalty=presence)
    counts = Counter(ids[prompt:])
    lowered = [counts[j] * frequency + (counts[j] > 0) * presence for j in range(VOCAB_SIZE)]
    expected = logits - lowered
    np.testing.assert_allclose(reshaped(logits, ids, options, prompt), expected, atol=1e-4)


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
