"""The reader's steps in the place of the solutions: what they wrote is what runs."""

import sys
from collections.abc import Collection, Set

import solutions
from course.files import KERNEL, NUMBERS, solution_path, step_module, step_path
from course.loader import provide_steps
from course.state import load_state
from course.verdicts import Verdicts
from gpt2.engine.sources import replaced

USES = "Uses "  # how what `use` prints begins


def right_steps(numbers: Collection[int] = NUMBERS) -> set[int]:
    """Those of them that are right; what has not been checked as it is is checked first."""
    with Verdicts() as verdicts:
        verdicts.settle(numbers)
        return verdicts.state.right_steps().intersection(numbers)


def put_in_place(right: Set[int]) -> list[int]:
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


def use(*numbers: int) -> None:
    """For the book's examples: `from steps.step_NN import ...` then finds what runs.

    That is the reader's file where its last check found it right, else the solution; prints which.
    """
    own = provide_steps(load_state().right_steps(), wanted=range(1, max(numbers) + 1))
    for number in numbers:
        whose = "your" if number in own else "the reference's"
        print(f"{USES}{whose} {step_path(number).name}")
