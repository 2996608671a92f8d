"""Recognizing a mistake: is what the reader's code does what a known variation does?"""

import re
import warnings
from collections.abc import Collection
from types import ModuleType

from course.compare import acceptable, same
from course.evidence import Evidence
from course.files import SOLUTIONS, read_source, solution_path
from course.lesson import Lesson, Misconception
from course.loader import execute


def recognize(
    lesson: Lesson, reference: Evidence, evidence: Evidence, keys: Collection[str]
) -> Misconception | None:
    """The misconception that explains the outcomes under these keys, all of them.

    Args:
        lesson: the step, whose variations are tried in turn.
        reference: what the solution does.
        evidence: what the reader's code does.
        keys: what to compare, that which was wrong first.
    """
    with warnings.catch_warnings(action="ignore"):  # of NumPy, about what a mistake computes
        for misconception in lesson.misconceptions:
            variation = Evidence(lesson, load_variation(lesson, misconception))
            if all(_agree(reference[key], variation[key], evidence[key]) for key in keys):
                return misconception
    return None


def _agree(expected: object, varied: object, found: object) -> bool:
    """Whether the variation does what the reader's code does, or both are right."""
    if acceptable(expected, found):
        return acceptable(expected, varied)
    return same(varied, found)


def load_variation(lesson: Lesson, misconception: Misconception) -> ModuleType:
    """The solution of a step with a mistake in it."""
    path = SOLUTIONS / "variation.py"  # no file: its lines must not pass for the solution's
    return execute(vary(lesson, misconception), path, "course.variation")


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
