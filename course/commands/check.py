"""`gpt2 check`: one step as a report, or all twelve as a table."""

from course.checker import Checker
from course.files import NUMBERS
from course.lessons import KERNELS, lesson
from course.show import console, show_json, show_report, show_table
from course.waiting import KernelWait


def check_steps(number: int | None, *, solution: bool, as_json: bool) -> bool:
    """Prints what is right and what is not.

    Args:
        number: the step; None for all.
        solution: check the reference instead of the reader's files.
        as_json: print data instead of a report.

    Returns:
        Whether everything is right.
    """
    numbers = list(NUMBERS) if number is None else [number]
    with (
        KernelWait(lesson(number).kernels if number else KERNELS) as wait,
        Checker(wait) as checker,
    ):
        check = checker.check_solution if solution else checker.check
        reports = [check(number) for number in numbers]
    if as_json:
        data = [report.as_dict() for report in reports]
        show_json(data if number is None else data[0])
    elif number is None:
        show_table(reports, console())
    else:
        show_report(reports[0], console())
    return all(report.right for report in reports)
