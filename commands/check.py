"""`gpt2 check`: one step as a report, or all as a table."""

import contextlib
from collections.abc import Callable

from course.ahead import compile_ahead, is_due
from course.files import NUMBERS
from course.lessons import KERNELS, lesson
from course.report import Report
from course.show import console, show_json, show_report, show_row, show_sum
from course.verdicts import Verdicts
from course.waiting import AHEAD, KernelWait

AHEAD_TOO = f"{AHEAD}. Ctrl-C puts it off."


def check_steps(number: int | None, *, solution: bool, as_json: bool) -> bool:
    """Prints what is right and what is not.

    Args:
        number: the step; None for all.
        solution: check the reference instead of the reader's files.
        as_json: print data instead of a report.

    Returns:
        Whether everything is right.
    """
    with (
        KernelWait(lesson(number).kernels if number else KERNELS) as wait,
        Verdicts(wait) as verdicts,
    ):

        def check(number: int) -> Report:
            report = verdicts.check_solution(number) if solution else verdicts.check(number)
            wait.stop()  # the bar must not run into what is printed next
            return report

        if number:
            reports = [check(number)]
            if as_json:
                show_json(reports[0], console())
            else:
                show_report(reports[0], verdicts.state.next_step(after=number), console())
        elif as_json:
            reports = [check(number) for number in NUMBERS]
            show_json(reports, console())
        else:
            reports = _show_all(check)
    if is_due():
        with contextlib.suppress(KeyboardInterrupt), KernelWait(KERNELS, AHEAD_TOO) as wait:
            compile_ahead(wait)
    return all(report.right for report in reports)


def _show_all(check: Callable[[int], Report]) -> list[Report]:
    """A line for each step, as soon as it is checked."""
    output = console()
    reports = []
    for number in NUMBERS:
        reports.append(check(number))
        show_row(reports[-1], output)
    show_sum(reports, output)
    return reports
