"""Recognizing a mistake: is what the reader's code does what a known variation does?"""

import re
from collections.abc import Callable, Collection

from course.compare import acceptable, same
from course.files import read_source, solution_path
from course.lesson import Lesson, Misconception
from course.outcomes import Outcomes


def recognize(
    lesson: Lesson,
    reference: Outcomes,
    trial: Outcomes,
    keys: Collection[str],
    try_ours: Callable[[str], Outcomes],
) -> Misconception | None:
    """The misconception that explains the outcomes under these keys, all of them.

    Args:
        lesson: the step, whose variations are tried in turn.
        reference: what the solution does.
        trial: what the reader's code does.
        keys: what to compare, that which was wrong first.
        try_ours: begins a trial of a variation's text.
    """
    for misconception in lesson.misconceptions:
        variation = try_ours(vary(lesson, misconception))
        if all(_agree(reference[key], variation[key], trial[key]) for key in keys):
            return misconception
    return None


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
    source = read_source(solution_path(lesson.number))
    for old in misconception.change:
        if source.count(old) != 1:
            raise ValueError(f"step {lesson.number}: {source.count(old)} times {old!r}")
    texts = "|".join(re.escape(old) for old in misconception.change)
    return re.sub(texts, lambda match: misconception.change[match[0]], source)
