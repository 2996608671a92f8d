"""The reader's steps in the place of the solutions: what they wrote is what runs."""

import sys

import solutions
from course.files import KERNEL, NUMBERS, solution_path, step_module, step_path
from course.loader import provide_steps
from course.verdicts import Verdicts
from gpt2.engine.sources import replaced


def right_steps() -> set[int]:
    """Those that are right; what has not been checked as it is is checked first."""
    with Verdicts() as verdicts:
        verdicts.settle(NUMBERS)
        return verdicts.state.right_steps()


def put_in_place(right: set[int]) -> list[int]:
    """Has every later import of a solution find the reader's step, where that is right.

    So this comes before the model and the engine are imported.

    Returns:
        The steps for which the reference stands in.
    """
    own = provide_steps(right) | (right & {KERNEL})
    for number in own:
        name = solution_path(number).stem
        replaced[f"solutions.{name}"] = step_path(number)
        if number != KERNEL:
            module = sys.modules[step_module(number)]
            sys.modules[f"solutions.{name}"] = module
            setattr(solutions, name, module)
    return [number for number in NUMBERS if number not in own]
