"""Recognizing a mistake: is what the reader's code does what a known variation does?"""

import itertools
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping

from course.compare import acceptable, same
from course.files import read_source, solution_path
from course.lesson import Lesson, Misconception
from course.outcomes import Outcomes

PATIENCE = 0.5  # seconds for pairs of mistakes


def recognize(
    lesson: Lesson,
    reference: Outcomes,
    trial: Outcomes,
    keys: Collection[str],
    try_ours: Callable[[str], Outcomes],
) -> tuple[list[Misconception], bool]:
    """The misconception that explains the outcomes, or the two that do so together.

    Args:
        lesson: the step, whose variations are tried in turn.
        reference: what the solution does.
        trial: what the reader's code does.
        keys: what to compare, that which was wrong first.
        try_ours: begins a trial of a variation's text.

    Returns:
        The misconceptions, and whether they explain the outcomes under all keys; if not, there
        is at most one, which explains the first and as many more as any.
    """
    partial: list[Misconception] = []
    most = 0
    for misconception in lesson.misconceptions:
        variation = try_ours(_varied(lesson, misconception.change))
        explained = (_agree(reference[key], variation[key], trial[key]) for key in keys)
        count = sum(1 for _ in itertools.takewhile(bool, explained))
        if count == len(keys):
            return [misconception], True
        if count > max(most, len(keys) // 2):
            partial, most = [misconception], count
    end = time.monotonic() + PATIENCE
    for one, other in _pairs(lesson):
        variation = try_ours(_varied(lesson, {**one.change, **other.change}))
        if all(_agree(reference[key], variation[key], trial[key]) for key in keys):
            return [one, other], True
        if time.monotonic() > end:
            break
    return partial, False


def _pairs(lesson: Lesson) -> Iterator[tuple[Misconception, Misconception]]:
    """Those misconceptions that change different texts."""
    for one, other in itertools.combinations(lesson.misconceptions, 2):
        texts = itertools.product(one.change, other.change)
        if one.sentence != other.sentence and not any(a in b or b in a for a, b in texts):
            yield one, other


def _agree(expected: object, varied: object, found: object) -> bool:
    """Whether the variation does what the reader's code does, or both are right."""
    if acceptable(expected, found):
        return acceptable(expected, varied)
    return same(varied, found)


def vary(lesson: Lesson, misconception: Misconception) -> str:
    """The source of the solution, changed.

    Raises:
        ValueError: a text to change does not occur exactly once.
    """
    return _varied(lesson, misconception.change)


def _varied(lesson: Lesson, change: Mapping[str, str]) -> str:
    source = read_source(solution_path(lesson.number))
    for old in change:
        if source.count(old) != 1:
            raise ValueError(f"step {lesson.number}: {source.count(old)} times {old!r}")
    texts = "|".join(re.escape(old) for old in change)
    return re.sub(texts, lambda match: change[match[0]], source)
