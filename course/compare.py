"""Whether two outcomes are the same, and if not, what is telling about the difference."""

import math

import numpy as np

from course.outcomes import Frequencies, Raised

# A share of the root mean square. float32 rounds to 1e-7, and the orders in which one may
# rightly add differ by some 1e-6; GELU without the tanh differs by 2e-4.
TOLERANCE = 3e-5
SIGMAS = 4.753  # beyond which a normal variable lies once in a million times


def same(expected: object, found: object) -> bool:
    """Whether an outcome is what another piece of code would have given."""
    if isinstance(expected, Raised) or isinstance(found, Raised):
        return same_error(expected, found)
    if isinstance(expected, Frequencies):
        return isinstance(found, Frequencies) and same_frequencies(expected, found)
    if isinstance(expected, np.ndarray):
        return same_form(expected, found) and same_values(expected, found)
    return type(expected) is type(found) and expected == found


def acceptable(expected: object, found: object) -> bool:
    """Whether an outcome is right: the same, or the exception that is due in other words."""
    if isinstance(expected, Raised) and isinstance(found, Raised):
        return expected.kinds[0] in found.kinds and not found.is_todo
    return same(expected, found)


def same_error(expected: object, found: object) -> bool:
    """Whether both raised the same exception, for the same reason.

    The words do not matter where a step raised it by itself: they are its author's.
    """
    if not (isinstance(expected, Raised) and isinstance(found, Raised)):
        return False
    if expected.kind != found.kind:
        return False
    return (expected.on_purpose and found.on_purpose) or expected.message == found.message


def same_form(expected: np.ndarray, found: object) -> bool:
    """Whether shape and dtype agree."""
    return (
        isinstance(found, np.ndarray)
        and expected.shape == found.shape
        and expected.dtype == found.dtype
    )


def same_values(expected: np.ndarray, found: np.ndarray) -> bool:
    """Whether arrays of one form agree within what rounding explains."""
    return not wrong_places(expected, found).any()


def wrong_places(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """True where arrays of one shape disagree."""
    if not np.issubdtype(expected.dtype, np.floating):
        return expected != found
    finite = np.isfinite(expected)
    scale = np.sqrt(np.mean(np.square(expected[finite], dtype=np.float64))) if finite.any() else 0
    with np.errstate(invalid="ignore"):
        near = np.abs(found - expected) <= TOLERANCE * scale + 1e-9
    both_nan = np.isnan(found) & np.isnan(expected)
    return ~np.where(finite, near, (found == expected) | both_nan)


def same_frequencies(expected: Frequencies, found: Frequencies) -> bool:
    """Whether things are drawn with the same probabilities, known or judged by the counts.

    For counts beside probabilities, the likelihood-ratio test (Wilks 1938): twice the logarithm
    of the ratio is distributed as chi-squared.
    """
    probabilities = expected.probabilities
    if len(expected.counts) != len(found.counts):
        return False
    if probabilities is None:
        return same_counts(expected.counts, found.counts)
    if found.probabilities is not None:
        return np.allclose(probabilities, found.probabilities, rtol=0, atol=1e-3)
    if (probabilities[found.counts > 0] <= 0).any():
        return False
    ratio = 2 * _log_ratio(found.counts, probabilities)
    return bool(ratio < _chi_squared_limit(len(probabilities) - 1))


def same_counts(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two samples may have been drawn with the same probabilities, whatever these are.

    The likelihood-ratio test again. Chi-squared promises too much where counts are small, so the
    limit is one that holds for all: a sample's part is bounded, in the sense of Chernoff, by a
    gamma variable of shape len(counts) - 1 (Agrawal, "Finite-Sample Concentration of the
    Multinomial in Relative Entropy", 2020).
    """
    together = (one + other) / (one.sum() + other.sum())
    log_ratio = _log_ratio(one, together) + _log_ratio(other, together)
    return bool(log_ratio < _gamma_limit(2 * (len(one) - 1)))


def _log_ratio(counts: np.ndarray, probabilities: np.ndarray) -> float:
    """How much likelier counts are under their own shares than under these, as a logarithm."""
    seen = counts > 0
    expected = counts.sum() * probabilities[seen]
    return float(np.sum(counts[seen] * np.log(counts[seen] / expected)))


def _chi_squared_limit(degrees: int) -> float:
    """What a chi-squared variable exceeds once in a million times.

    Wilson and Hilferty (1931): its cube root is nearly normal.
    """
    spread = 2 / (9 * degrees)
    return degrees * (1 - spread + SIGMAS * spread**0.5) ** 3


def _gamma_limit(shape: int) -> float:
    """Where Chernoff's bound of a gamma variable, (e * x / shape) ** shape / e ** x, is 1e-6."""
    x = 2.0 * shape
    for _ in range(100):
        x = math.log(1e6) + shape * (1 + math.log(x / shape))
    return x
