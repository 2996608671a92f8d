"""What a report says of values that differ: whatever is telling about the difference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from course.compare import same, same_counts, same_frequencies
from course.describe import describe, describe_forms
from course.outcomes import Frequencies

AXES = ("batch", "position", "feature")
EXPECTED = np.random.default_rng(1).normal(size=(3, 5, 4)).astype(np.float32)
SQUARE = EXPECTED[:, :4]


def with_change(index, value) -> np.ndarray:
    changed = EXPECTED.copy()
    changed[index] = value
    return changed


@pytest.mark.parametrize(
    ("expected", "found", "words"),
    [
        (EXPECTED, EXPECTED * 3, "3 times the expected, everywhere"),
        (EXPECTED, -EXPECTED, "-1 times the expected"),
        (EXPECTED, EXPECTED + np.float32(2), "larger by 2, everywhere"),
        (EXPECTED, EXPECTED * 0, "yours is 0 everywhere"),
        (SQUARE, np.swapaxes(SQUARE, 1, 2), "the expected, transposed"),
        (
            EXPECTED,
            with_change((slice(None), slice(1, None)), 9),
            "right for position 0, wrong for",
        ),
        (EXPECTED, with_change(2, 9), "wrong only for batch 2 (of 0 to 2)"),
        (EXPECTED, with_change((..., 3), 9), "wrong only for feature 3 (of 0 to 3)"),
        (EXPECTED, with_change((0, 1, 2), 9), "at [0, 1, 2]: expected"),
        (EXPECTED, with_change((0, 1, 2), np.nan), "NaN in 1 of 60 places, the first at [0, 1, 2]"),
        (EXPECTED, with_change((2, 1, 2), np.inf), "infinity in 1 of 60 places"),
        (np.array([[1, 2, 3]]), np.array([[1, 2, 4]]), "at [0, 2]: expected 3, yours 4"),
        ({"a": 1, "b": 2}, {"a": 1, "c": 2}, "missing: b"),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, "b: expected 2, yours 3"),
        ("one", "two", "expected one, yours two"),
    ],
)
def test_what_is_telling_is_said(expected, found, words):
    assert not same(expected, found)
    lines = describe(expected, found, AXES)
    assert any(words in line for line in lines), lines
    assert len(lines) <= 4


def test_forms():
    found = np.swapaxes(EXPECTED, 1, 2).astype(np.float64)
    assert describe_forms(EXPECTED, found) == [
        "expected [3, 5, 4] float32, yours [3, 4, 5] float64",
        "the last two axes are swapped",
    ]


@given(
    arrays.arrays(np.float32, (3, 4), elements=st.floats(-100, 100, width=32)),
    arrays.arrays(np.float32, (3, 4), elements=st.floats(width=32)),
)
def test_any_two_arrays_can_be_described(expected, found):
    with np.errstate(all="ignore"):
        assert same(expected, expected)
        if not same(expected, found):
            assert all(describe(expected, found, ("row", "column")))


def test_rounding_is_no_mistake_and_gelu_without_tanh_is():
    x = np.random.default_rng(2).normal(size=(4, 50, 20))
    weights = np.random.default_rng(3).normal(size=(20, 12))
    exact = (x * stats.norm.cdf(x)) @ weights
    tanh = (0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))) @ weights
    assert not same(tanh.astype(np.float32), exact.astype(np.float32))
    single = tanh.astype(np.float32)
    assert same(single, single * np.float32(1 + 1e-6))


@pytest.mark.parametrize("tokens", [2, 4, 50])
def test_frequencies_are_refused_once_in_a_million(tokens):
    """Against SciPy's chi-squared distribution."""
    probabilities = np.full(tokens, 1 / tokens)
    limit = stats.chi2.isf(1e-6, tokens - 1)
    expected = Frequencies(np.zeros(tokens, int), probabilities)
    for shift in range(0, 5000, 10):
        counts = np.full(tokens, 5000)
        counts[0] += shift
        counts[1] -= shift
        total = counts.sum()
        ratio = 2 * np.sum(
            counts * np.log(np.maximum(counts, 1e-300) / (total * probabilities)), where=counts > 0
        )
        if abs(ratio / limit - 1) > 0.15:
            assert same_frequencies(expected, Frequencies(counts)) == (ratio < limit)


def test_an_impossible_token_is_always_refused():
    expected = Frequencies(np.array([1, 0]), np.array([1.0, 0.0]))
    assert not same_frequencies(expected, Frequencies(np.array([99, 1])))
    assert same_frequencies(expected, Frequencies(np.array([100, 0])))


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5])
def test_two_samples_of_the_same_are_refused_once_in_a_million(share):
    """By the probability of each pair of counts: no approximation, also where counts are small."""
    sizes = 30, 50
    refused = sum(
        stats.binom.pmf(one, sizes[0], share) * stats.binom.pmf(other, sizes[1], share)
        for one in range(sizes[0] + 1)
        for other in range(sizes[1] + 1)
        if not same_counts(np.array([one, sizes[0] - one]), np.array([other, sizes[1] - other]))
    )
    assert 0 < refused < 1e-6


@pytest.mark.parametrize("tokens", [2, 4, 50])
def test_two_samples_are_compared_with_each_other(rng, tokens):
    probabilities = rng.dirichlet(np.ones(tokens))
    one, other = (Frequencies(rng.multinomial(2000, probabilities)) for _ in range(2))
    third = Frequencies(rng.multinomial(2000, np.roll(probabilities, 1)))
    assert same(one, other)
    assert not same(one, third)
    assert not same(one, Frequencies(other.counts[1:]))
