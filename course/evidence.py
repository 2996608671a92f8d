"""What a step's code does: the outcome of everything that a lesson tries with it."""

import contextlib
import io
from collections.abc import Iterator
from types import ModuleType

from max.experimental import compilation

from course.lesson import Lesson
from course.outcomes import Raised
from course.subject import Subject

SYMBOLIC = "symbolic sizes"  # the name of what is tried last: a trace


class Evidence:
    """The outcomes of one step's code, each found when it is first asked for.

    Args:
        lesson: what is tried.
        step: the code.
        is_readers: whether a reader wrote it. Then an experiment that fails is repeated, one
            operation after the other, so that the error names its line; and so is the first one
            if it prints, so that what it prints has values. The others print nothing.
    """

    def __init__(self, lesson: Lesson, step: ModuleType, *, is_readers: bool = False) -> None:
        self.lesson = lesson
        self._is_readers = is_readers
        self._subject = Subject(step, is_readers=is_readers)
        self._outcomes: dict[str, object] = {}

    def tried(self) -> Iterator[str]:
        """The names of all that is tried, in the order of a check."""
        yield from (construction.call for construction in self.lesson.constructions)
        yield from (experiment.name for experiment in self.lesson.experiments)
        if self.lesson.symbolic:
            yield SYMBOLIC

    def __getitem__(self, key: str) -> object:
        """The outcome: parameter shapes by name, an array, another value, or what was raised."""
        if key not in self._outcomes:
            try:
                self._outcomes[key] = self._find(key)
            except (KeyboardInterrupt, MemoryError):
                raise
            except BaseException as error:  # SystemExit too: a step's code may call exit
                self._outcomes[key] = Raised(error)
        return self._outcomes[key]

    def _find(self, key: str) -> object:
        lesson, subject = self.lesson, self._subject
        for construction in lesson.constructions:
            if construction.call == key:
                return subject.shapes(construction)
        if lesson.symbolic and key == SYMBOLIC:
            module = lesson.symbolic.build(subject)
            compilation.stage(module, name="step")(*lesson.symbolic.inputs())
            return None
        names = [experiment.name for experiment in lesson.experiments]
        run = lesson.experiments[names.index(key)].run
        if not self._is_readers:
            return run(subject)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.suppress(Exception):
            outcome = run(subject)
            if key != names[0] or not printed.getvalue():
                return outcome
        subject.eagerly = True
        try:
            return run(subject)
        finally:
            subject.eagerly = False
