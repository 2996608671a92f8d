"""The checks know right from wrong: every mistake of the catalogue, and right answers besides."""

import pytest

from alternatives import ALTERNATIVES, alternative
from course.files import NUMBERS, STEP_MODULE, read_source, solution_path
from course.lessons import lesson
from course.misconceptions import vary
from course.report import Report
from reader import judged

FEWEST = {number: 8 if number in (2, 7, 12) else 6 for number in NUMBERS}


def check(number: int, solution: str) -> Report:
    """Checks a source as a reader's step, with the solutions for the earlier ones."""
    return judged(number, solution.replace("solutions.solution_", STEP_MODULE))


@pytest.mark.parametrize("number", NUMBERS)
def test_the_solution_is_right(number):
    report = check(number, read_source(solution_path(number)))
    assert report.right, report


@pytest.mark.parametrize("number", [*NUMBERS[:-1], pytest.param(12, marks=pytest.mark.slow)])
def test_each_mistake_gets_its_own_sentence(number):
    misconceptions = lesson(number).misconceptions
    assert len(misconceptions) >= FEWEST[number]
    for misconception in misconceptions:
        report = check(number, vary(lesson(number), misconception))
        assert not report.right, misconception.sentence
        assert report.finding[0] == misconception.sentence, report
        assert report.misconception


@pytest.mark.parametrize("number", NUMBERS)
def test_other_right_answers_are_right(number):
    assert len(ALTERNATIVES[number]) >= 2
    for name in ALTERNATIVES[number]:
        report = check(number, alternative(number, name))
        assert report.right, (name, report)


def test_the_catalogue_is_large_enough():
    assert sum(len(lesson(number).misconceptions) for number in NUMBERS) >= 80
