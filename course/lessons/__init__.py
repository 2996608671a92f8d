"""One lesson a step: its title, its hints, what a check tries, and the mistakes it knows."""

import functools
import importlib

from course.lesson import Lesson

KERNELS = 24  # of all lessons that need MAX, together; some are shared


@functools.cache
def lesson(number: int) -> Lesson:
    """The lesson of a step, 1 to 20."""
    return importlib.import_module(f"course.lessons.lesson_{number:02}").LESSON
