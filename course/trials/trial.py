"""The code of a step, tried in this process: whether it loads, what it defines, what it does."""

import contextlib
import ctypes
import dataclasses
import functools
import inspect
import io
from collections.abc import Callable, Collection
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

from course.faults import raised
from course.files import KERNEL, MODEL, TENSORS
from course.lesson import SPEED, SYMBOLIC, Kind, Lesson
from course.loader import execute, imported_steps, load_step, provide_steps
from course.misconceptions import vary
from course.plain_subject import PlainSubject
from course.report import CHANGES, LOADS, NAMES
from course.stubs import open_todos
from course.surroundings import Surroundings

if TYPE_CHECKING:
    from course.subject import Subject


@dataclasses.dataclass
class Trial:
    """The outcomes of one text, each found when it is first asked for.

    An experiment of a reader's that fails is repeated, one operation after the other, so that the
    error names its line; and so is the first one if it prints, so that what it prints has values.
    The others print nothing.
    """

    lesson: Lesson
    source: str
    path: Path
    right: Collection[int] = ()  # steps of the reader's, for the imports of this one
    is_readers: bool = False
    compiling: Callable[[bool], None] = lambda busy: None  # told when a compiler begins and ends

    def __post_init__(self) -> None:
        self._outcomes: dict[str, object] = {}
        if self.is_readers:
            wanted = None if self.lesson.number in TENSORS else imported_steps(self.source)
            self._loaded = provide_steps(self.right, self.lesson.number, wanted)
            self._surroundings = Surroundings()

    def __getitem__(self, key: str) -> object:
        """The outcome, or what was raised.

        - LOADS: the steps whose files are the reader's own in the imports.
        - NAMES: what is wrong with a name that the text has to define; None where nothing is.
        - A construction: parameter shapes by name. An experiment: an array, or another value.
        - CHANGES: a sentence for each thing that it should have left as it was.
        """
        if key not in self._outcomes:
            try:
                self._outcomes[key] = self._find(key)
            except BaseException as error:  # SystemExit too: a step's code may call exit
                self._outcomes[key] = raised(error, self.path)
        return self._outcomes[key]

    def _find(self, key: str) -> object:
        if key == CHANGES:
            return self._surroundings.changes()
        lesson, subject = self.lesson, self._subject
        if key == LOADS:
            return sorted(self._loaded)
        if key == NAMES:
            complaints = (_complain(subject.step, *item) for item in lesson.defines.items())
            return next(filter(None, complaints), None)
        for construction in lesson.constructions:
            if construction.call == key:
                shapes = subject.shapes(construction)
                return {name: str(shape) for name, shape in shapes.items()}
        if lesson.symbolic and key == SYMBOLIC:
            from max.experimental import compilation

            module = lesson.symbolic.build(subject)
            compilation.stage(module, name="step")(*lesson.symbolic.inputs())
            return None
        if key == SPEED:
            return lesson.speed(subject)
        return self._experiment(key)

    @functools.cached_property
    def _subject(self) -> "PlainSubject | Subject":
        if self.lesson.number == KERNEL:
            return PlainSubject(self._build(), self.is_readers)
        if self.is_readers:
            step = load_step(self.lesson.number, self.source, self.path)
        else:
            step = execute(self.source, self.path, "course.ours")
        if self.lesson.number not in TENSORS:
            return PlainSubject(step, self.is_readers)
        from course.subject import Subject  # with MAX

        return Subject(step, is_readers=self.is_readers)

    def _build(self) -> ctypes.CDLL | SimpleNamespace:
        from course.mojo import build, build_all

        if todos := open_todos(self.source):
            label = f"Step {self.lesson.number}, TODO {todos[0].number} of {todos[0].total}"
            raise NotImplementedError(label)
        if not self.is_readers:
            known = [vary(self.lesson, mistake) for mistake in self.lesson.misconceptions]
            if self.source in known:
                return build_all(known, self.path, self.compiling)[known.index(self.source)]
        return build(self.source, self.path, self.compiling)

    def _experiment(self, name: str) -> object:
        subject = self._subject
        names = [experiment.name for experiment in self.lesson.experiments]
        run = self.lesson.experiments[names.index(name)].run
        if not self.is_readers:
            return run(subject)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.suppress(Exception):
            outcome = run(subject)
            if name != names[0] or not printed.getvalue():
                return outcome
        if self.lesson.number not in MODEL:  # where nothing runs eagerly
            return run(subject)
        subject.eagerly = True
        try:
            return run(subject)
        finally:
            subject.eagerly = False


def _is_module(value: object) -> bool:
    from max.experimental.nn import Module

    return inspect.isclass(value) and issubclass(value, Module)


def _complain(
    module: ModuleType | ctypes.CDLL | SimpleNamespace, name: str, kind: Kind
) -> str | None:
    """What is wrong with what a module has under this name."""
    if not hasattr(module, name):
        return f"the file does not define {name}, {kind}"
    value = getattr(module, name)
    is_kind = {
        Kind.DATACLASS: lambda: inspect.isclass(value) and dataclasses.is_dataclass(value),
        Kind.FUNCTION: lambda: callable(value) and not inspect.isclass(value),
        Kind.CLASS: lambda: inspect.isclass(value),
        Kind.MODULE: lambda: _is_module(value),
    }[kind]
    if not is_kind():
        actual = "a class" if inspect.isclass(value) else f"of type {type(value).__name__}"
        actual = "a function" if inspect.isfunction(value) else actual
        return f"{name} has to be {kind}; here it is {actual}"
    if kind is Kind.DATACLASS:
        fields = {field.name for field in dataclasses.fields(value)}
        for attribute, default in vars(value).items():
            is_data = not (attribute.startswith("_") or hasattr(default, "__get__"))
            if is_data and attribute not in fields:
                return f"{attribute} has no type, and so is no field: name, colon, type, default"
    return None
