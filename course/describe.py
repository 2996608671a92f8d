"""How values differ from the expected ones, in words that help to find the mistake."""

import numpy as np

from course.compare import wrong_places
from course.outcomes import Frequencies, Other, Raised

MANY = 3  # more places than this are counted, not listed


def describe(expected: object, found: object, axes: tuple[str, ...]) -> list[str]:
    """Says how a value differs from the expected one, a line a sentence."""
    if isinstance(expected, Raised):
        return [f"it should raise {expected.kind}, and returned {_short(found)}"]
    if isinstance(expected, Frequencies):
        return _describe_frequencies(expected, found)
    if isinstance(expected, np.ndarray) and isinstance(found, np.ndarray):
        return _describe_arrays(expected, found, axes)
    if isinstance(expected, dict) and isinstance(found, dict):
        return describe_names(expected, found)
    return [f"expected {_short(expected)}, yours {_short(found)}"]


def describe_forms(expected: np.ndarray, found: object) -> list[str]:
    """How shape and dtype differ."""
    lines = [f"expected {_form(expected)}, yours {_form(found)}"]
    if isinstance(found, np.ndarray) and found.ndim == expected.ndim >= 2:
        *outer, rows, columns = expected.shape
        if rows != columns and found.shape == (*outer, columns, rows):
            lines.append("the last two axes are swapped")
    return lines


def _form(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{list(value.shape)} {value.dtype}"
    return value.kind if isinstance(value, Other) else type(value).__name__


def describe_names(expected: dict[str, object], found: dict[str, object]) -> list[str]:
    """What is missing, too much, or different between two dictionaries."""
    lines = []
    if missing := sorted(expected.keys() - found.keys()):
        lines.append(f"missing: {_listed(missing)}")
    if extra := sorted(found.keys() - expected.keys()):
        lines.append(f"not asked for: {_listed(extra)}")
    different = [name for name in expected if name in found and expected[name] != found[name]]
    lines += [
        f"{name}: expected {_short(expected[name])}, yours {_short(found[name])}"
        for name in different[:MANY]
    ]
    if len(different) > MANY:
        lines.append(f"and {len(different) - MANY} more")
    return lines


def _describe_frequencies(expected: Frequencies, found: object) -> list[str]:
    if not isinstance(found, Frequencies) or expected.probabilities is None:
        return [f"expected tokens, yours {_short(found)}"]
    total = found.counts.sum()
    wanted = ", ".join(f"{total * share:.0f}" for share in expected.probabilities)
    drawn = ", ".join(str(count) for count in found.counts)
    return [
        f"of {total} draws, each {expected.of} should come about {wanted} times; yours: {drawn}"
    ]


def _describe_arrays(expected: np.ndarray, found: np.ndarray, axes: tuple[str, ...]) -> list[str]:
    wrong = wrong_places(expected, found)
    lines = [_not_finite(expected, found) or _largest_difference(expected, found, wrong)]
    for telling in (_relation(expected, found), _where(wrong, axes[-wrong.ndim :])):
        if telling:
            lines.append(telling)
    return lines


def _not_finite(expected: np.ndarray, found: np.ndarray) -> str | None:
    for word, bad in (
        ("NaN", np.isnan(found) & ~np.isnan(expected)),
        ("infinity", np.isinf(found) & ~np.isinf(expected)),
    ):
        if bad.any():
            first = _place(np.argwhere(bad)[0])
            return f"{word} in {bad.sum()} of {bad.size} places, the first at {first}"
    return None


def _largest_difference(expected: np.ndarray, found: np.ndarray, wrong: np.ndarray) -> str:
    with np.errstate(invalid="ignore"):
        size = np.abs(np.subtract(found, expected, dtype=np.float64))
    size = np.where(wrong, np.nan_to_num(size, nan=np.inf), -1.0)
    index = np.unravel_index(np.argmax(size), size.shape)
    return (
        f"largest difference at {_place(index)}: "
        f"expected {_number(expected[index])}, yours {_number(found[index])}"
    )


def _relation(expected: np.ndarray, found: np.ndarray) -> str | None:
    """What was done to the whole of the expected array, if it is something simple."""
    if not (np.isfinite(expected).all() and np.isfinite(found).all()) or expected.size < 2:
        return None
    if np.issubdtype(expected.dtype, np.integer):
        return None
    scale = np.abs(expected).max()
    if scale == 0:
        return None
    if np.abs(found).max() <= 1e-6 * scale:
        return "yours is 0 everywhere"
    factor = float(np.vdot(expected, found) / np.vdot(expected, expected))
    if np.allclose(found, factor * expected, atol=1e-4 * scale * abs(factor), rtol=0):
        return f"yours is {factor:.4g} times the expected, everywhere"
    offset = float(np.mean(found - expected))
    if np.allclose(found, expected + offset, atol=1e-4 * scale, rtol=0):
        return f"yours is larger by {offset:.4g}, everywhere"
    if expected.ndim >= 2 and expected.shape[-1] == expected.shape[-2]:
        swapped = np.swapaxes(expected, -1, -2)
        if np.allclose(found, swapped, atol=1e-4 * scale, rtol=0):
            return "yours is the expected, transposed"
    return None


def _where(wrong: np.ndarray, axes: tuple[str, ...]) -> str | None:
    """Which rows are wrong, where that is not simply all or one."""
    if wrong.all():
        return "every number is wrong" if wrong.size > 1 else None
    for axis, name in enumerate(axes):
        others = tuple(other for other in range(wrong.ndim) if other != axis)
        bad = np.flatnonzero(wrong.any(axis=others))
        length = wrong.shape[axis]
        if length == 1 or len(bad) == length:
            continue
        if len(bad) == length - 1 and bad[0] == 1:
            return f"right for {name} 0, wrong for every later {name}"
        if len(bad) <= MANY:
            listed = ", ".join(str(index) for index in bad)
            return f"wrong only for {name} {listed} (of 0 to {length - 1})"
    return f"wrong in {wrong.sum()} of {wrong.size} places"


def _place(index: object) -> str:
    return "[" + ", ".join(str(int(part)) for part in index) + "]"


def _number(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, np.floating) else str(value)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return ", ".join(names[:MANY]) + more


def _short(value: object) -> str:
    if isinstance(value, np.ndarray) and value.size > 12:
        return _form(value)
    text = str(value) if isinstance(value, np.ndarray | str) else repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
