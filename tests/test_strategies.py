"""The sampling strategies, beside transformers' logits processors on the same logits."""

import functools

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chisquare

from gpt2.text.sampling import NEVER, Sampling, log_softmax
from peer_options import peer_options

VOCAB_SIZE = 40
IMPROBABLE = 1e-4

OPTIONS = st.builds(
    Sampling,
    temperature=st.sampled_from([0.0, 0.3, 0.8, 1.0, 1.7]),
    top_k=st.sampled_from([0, 1, 5, VOCAB_SIZE, 1000]),
    top_p=st.sampled_from([0.05, 0.5, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
    repetition_penalty=st.sampled_from([0.7, 1.0, 1.3]),
)
LOGITS = arrays(np.float32, VOCAB_SIZE, elements=st.floats(-20, 20, width=32), unique=True)
IDS = st.lists(st.integers(0, VOCAB_SIZE - 1), min_size=1, max_size=30)


@functools.cache
def transformers_model():
    """A model for the sake of its generate, which knows the order of the processors."""
    pytest.importorskip("torch", reason="uv sync --group train")
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config(vocab_size=VOCAB_SIZE, n_embd=4, n_layer=1, n_head=1))


def transformers_logits(sampling: Sampling, logits: np.ndarray, ids: list[int]) -> np.ndarray:
    """What transformers' own processors make of the logits, in the order of its generate."""
    model = transformers_model()
    import torch
    from transformers import GenerationConfig

    config = GenerationConfig(**peer_options(sampling))
    processors = model._get_logits_processor(config, input_ids_seq_length=len(ids))
    return processors(torch.tensor([ids]), torch.tensor(logits)[None])[0].numpy()


@pytest.mark.slow
@settings(max_examples=300)
@given(OPTIONS, LOGITS, IDS)
def test_the_strategies_are_those_of_transformers(sampling, logits, ids):
    expected = transformers_logits(sampling, logits, ids)
    found = sampling.logits(logits, ids)
    np.testing.assert_array_equal(found == NEVER, expected == NEVER)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@given(OPTIONS, LOGITS, IDS)
def test_probabilities_sum_to_1_and_greedy_is_the_limit(sampling, logits, ids):
    probabilities = sampling.probabilities(logits, ids)
    assert probabilities.sum() == pytest.approx(1)
    likeliest = Sampling(temperature=0, repetition_penalty=sampling.repetition_penalty)
    assert probabilities[likeliest.choose(logits, ids, np.random.default_rng())] > 0


def test_tokens_are_drawn_by_their_probability(rng):
    logits = np.array([0.5, 2.0, -1.0, 1.0, 0.0], np.float32)
    sampling = Sampling(temperature=0.7, top_k=4)
    drawn = [sampling.choose(logits, [0], rng) for _ in range(20_000)]
    expected = 20_000 * sampling.probabilities(logits, [0])
    counts = np.bincount(drawn, minlength=5)
    assert counts[2] == expected[2] == 0
    assert chisquare(np.delete(counts, 2), np.delete(expected, 2)).pvalue > IMPROBABLE


def test_logarithms_of_probabilities_are_those_of_scipy(rng):
    logits = rng.normal(size=50257).astype(np.float32) * 10
    np.testing.assert_allclose(
        log_softmax(logits), scipy.special.log_softmax(logits.astype(np.float64))
    )


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"temperature": -0.1}, "temperature has to be 0 or more, not -0.1"),
        ({"temperature": float("nan")}, "temperature has to be 0 or more, not nan"),
        ({"top_k": -1}, r"top_k has to be 0 \(all tokens\) or more, not -1"),
        ({"top_p": 0.0}, "top_p has to be above 0, and at most 1, not 0.0"),
        ({"min_p": 1.5}, "min_p has to be from 0 to 1, not 1.5"),
        ({"repetition_penalty": 0.0}, "repetition_penalty has to be above 0, not 0.0"),
    ],
)
def test_what_has_no_meaning_is_refused(option, words):
    with pytest.raises(ValueError, match=words):
        Sampling(**option)
