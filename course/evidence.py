"""What a step's code does: the outcome of everything that a lesson tries with it."""

from collections.abc import Iterator
from types import ModuleType

from max.experimental import compilation

from course.lesson import Lesson
from course.outcomes import Raised
from course.subject import Subject, shapes


class Evidence:
    """The outcomes of one step's code, each found when it is first asked for.

    Args:
        lesson: what is tried.
        step: the code.
        is_readers: whether a reader wrote it. Then the first experiment runs one operation after
            the other, so that what the code prints has values; and so does each one that fails,
            so that the error names its line.
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
                return shapes(subject.empty_module(construction))
        if lesson.symbolic and key == SYMBOLIC:
            module = lesson.symbolic.build(subject)
            compilation.stage(module, name="step")(*lesson.symbolic.inputs())
            return None
        index = [experiment.name for experiment in lesson.experiments].index(key)
        run = lesson.experiments[index].run
        subject.eagerly = self._is_readers and index == 0
        try:
            return run(subject)
        except Exception:
            if not self._is_readers or subject.eagerly:
                raise
            subject.eagerly = True
            return run(subject)


SYMBOLIC = "symbolic sizes"
