"""The checks know right from wrong: every mistake of the catalogue, and right answers besides."""

from collections.abc import Sequence

import pytest

from alternatives import ALTERNATIVES, alternative
from course.files import NUMBERS, STEP_MODULE, read_source, solution_path
from course.lesson import Misconception
from course.lessons import lesson
from course.misconceptions import vary
from course.report import Report
from reader import judged


def check(number: int, solution: str) -> Report:
    """Checks a source as a reader's step, with the solutions for the earlier ones."""
    return judged(number, solution.replace("solutions.solution_", STEP_MODULE))


@pytest.mark.parametrize("number", NUMBERS)
def test_the_solution_is_right(number):
    report = check(number, read_source(solution_path(number)))
    assert report.right, report


def assert_recognized(number: int, mistakes: Sequence[Misconception]) -> None:
    for mistake in mistakes:
        report = check(number, vary(lesson(number), mistake))
        assert not report.right, mistake.sentence
        assert report.finding[0] == mistake.sentence, report
        assert report.misconception


@pytest.mark.parametrize("number", NUMBERS)
def test_a_mistake_gets_its_sentence(number):
    assert_recognized(number, lesson(number).misconceptions[:1])


@pytest.mark.slow
@pytest.mark.parametrize("number", NUMBERS)
def test_each_mistake_gets_its_own_sentence(number):
    assert_recognized(number, lesson(number).misconceptions[1:])


@pytest.mark.slow
@pytest.mark.parametrize("number", NUMBERS)
def test_other_right_answers_are_right(number):
    for name in ALTERNATIVES[number]:
        report = check(number, alternative(number, name))
        assert report.right, (name, report)
