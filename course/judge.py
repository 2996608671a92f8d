"""The check of one step: its file is loaded and tried, and compared with the reference."""

import dataclasses
import inspect
import re
from collections.abc import Callable, Collection
from pathlib import Path
from types import ModuleType

import numpy as np
from max.experimental.nn import Module

from course.compare import acceptable, same, same_form
from course.describe import describe, describe_forms, describe_names
from course.evidence import SYMBOLIC, Evidence
from course.faults import explain
from course.files import Unreadable, read_source, shown
from course.lesson import Kind, Lesson
from course.loader import imported_steps, load_step
from course.misconceptions import recognize
from course.outcomes import Raised
from course.report import Report
from course.stubs import is_untouched, open_todos

# The phases, in their order.
LOADS = "loads"
NAMES = "names"
PARAMETERS = "parameters"
RUNS = "runs"
FORM = "shapes and dtypes"
VALUES = "values"
ANY_SIZES = "any sizes"


class Check:
    """The check of one file.

    The report is filled as the check goes, so that whoever ends it early has what was found.

    Args:
        lesson: what is checked.
        path: the file.
        reference: what the solution does.
        right: steps whose files are the reader's own in the imports of this one.
        on_judging: called when the reader's code has run, and known mistakes are compared.
    """

    def __init__(
        self,
        lesson: Lesson,
        path: Path,
        reference: Evidence,
        right: Collection[int] = (),
        on_judging: Callable[[], None] = lambda: None,
    ) -> None:
        self.lesson = lesson
        self.path = path
        self.reference = reference
        self.right = right
        self.on_judging = on_judging
        self.report = Report(lesson.number, lesson.title, shown(path))
        self._source = ""
        self._evidence: Evidence | None = None

    @property
    def untouched(self) -> bool:
        """Whether the file is a stub as it ships, of which nothing bad is to be feared."""
        return is_untouched(self._source)

    def run(self) -> Report:
        """Looks at one thing after the other, until one is wrong."""
        module = self._load()
        if module and self._find_names(module):
            self._evidence = Evidence(self.lesson, module, is_readers=True)
            self.report.right = (
                self._compare_parameters()
                and self._run_experiments()
                and self._compare_forms()
                and self._compare_values()
                and self._trace()
            )
        return self.report

    def _load(self) -> ModuleType | None:
        try:
            self._source = read_source(self.path)
        except Unreadable as error:
            advice = f"`gpt2 reset {self.lesson.number}` writes the stub again"
            self.report.failed(LOADS, "", [str(error), advice])
            return None
        self.report.stand_ins = [
            number for number in imported_steps(self._source) if number not in self.right
        ]
        try:
            module = load_step(self.lesson.number, self._source, self.path)
        except BaseException as error:
            self.report.failed(LOADS, "", self._explain(error))
            return None
        self.report.passed(LOADS)
        return module

    def _find_names(self, module: ModuleType) -> bool:
        for name, kind in self.lesson.defines.items():
            complaint = _complain_about_name(module, name, kind)
            if complaint:
                self.report.failed(NAMES, "", [complaint])
                return False
        self.report.passed(NAMES, ", ".join(self.lesson.defines))
        return True

    def _compare_parameters(self) -> bool:
        calls = [construction.call for construction in self.lesson.constructions]
        for call in calls:
            expected, found = self.reference[call], self._evidence[call]
            if isinstance(found, Raised):
                return self._fail(PARAMETERS, call, self._explain(found.error), calls)
            if not same(expected, found):
                lines = describe_names(expected, found)
                if expected.keys() != found.keys():
                    lines.append(
                        "Tensors and modules that are assigned to attributes of self are the "
                        "parameters: these, and each under one name."
                    )
                return self._fail(PARAMETERS, call, lines, calls)
        if calls:
            count = len(self.reference[calls[0]])
            self.report.passed(PARAMETERS, f"{count} in {calls[0]}")
        return True

    def _run_experiments(self) -> bool:
        for experiment in self.lesson.experiments:
            found = self._evidence[experiment.name]
            expected = self.reference[experiment.name]
            if isinstance(found, Raised) and not acceptable(expected, found):
                explanation = self._explain(found.error)
                if isinstance(expected, Raised):
                    explanation.insert(0, f"it should raise {expected.kind}, and raised another")
                return self._fail(RUNS, experiment.name, explanation, self._tried())
        self.report.passed(RUNS, f"{len(self.lesson.experiments)} experiments")
        return True

    def _compare_forms(self) -> bool:
        count = 0
        for experiment in self.lesson.experiments:
            expected, found = self.reference[experiment.name], self._evidence[experiment.name]
            if isinstance(expected, np.ndarray):
                count += 1
                if not same_form(expected, found):
                    lines = describe_forms(expected, found)
                    return self._fail(FORM, experiment.name, lines, self._tried())
        if count:
            self.report.passed(FORM)
        return True

    def _compare_values(self) -> bool:
        for experiment in self.lesson.experiments:
            expected, found = self.reference[experiment.name], self._evidence[experiment.name]
            if not acceptable(expected, found):
                lines = describe(expected, found, experiment.axes)
                lines += self._say_what_is_right()
                return self._fail(VALUES, experiment.name, lines, self._tried())
        self.report.passed(VALUES)
        return True

    def _say_what_is_right(self) -> list[str]:
        """What tells a wrong batch from a wrong length: the experiments that came out right."""
        names = [
            experiment.name
            for experiment in self.lesson.experiments
            if isinstance(self.reference[experiment.name], np.ndarray)
            and acceptable(self.reference[experiment.name], self._evidence[experiment.name])
        ]
        return [f"right, though: {'; '.join(names[:2])}"] if names else []

    def _trace(self) -> bool:
        if not self.lesson.symbolic:
            return True
        found = self._evidence[SYMBOLIC]
        if isinstance(found, Raised):
            lines = [
                "it works only while the sizes are numbers; in a graph they are names",
                *self._explain(found.error),
            ]
            return self._fail(ANY_SIZES, "", lines, [*self._tried(), SYMBOLIC])
        self.report.passed(ANY_SIZES, "traced with symbolic batch and length")
        return True

    def _tried(self) -> list[str]:
        return [key for key in self._evidence.tried() if key != SYMBOLIC]

    def _fail(self, phase: str, key: str, lines: list[str], keys: list[str]) -> bool:
        """Reports what is wrong under a key; the mistake itself, where it is a known one.

        Args:
            phase: what was looked at.
            key: which outcome is wrong.
            lines: how it is wrong.
            keys: all outcomes that a known mistake would have to explain.
        """
        self.report.failed(phase, key, lines)
        first = key or SYMBOLIC
        found = self._evidence[first]
        if isinstance(found, Raised) and isinstance(found.error, NotImplementedError):
            return False
        keys = [first, *(other for other in keys if other != first)]
        self.on_judging()
        misconception = recognize(self.lesson, self.reference, self._evidence, keys)
        if misconception:
            self.report.misconception = True
            self.report.finding = [misconception.sentence, *lines]
        return False

    def _explain(self, error: BaseException) -> list[str]:
        lines = explain(error, self.path)
        raised = re.match(r"Step \d+, TODO (\d+) of", str(error))
        if not isinstance(error, NotImplementedError) or not raised:
            return lines
        todos = open_todos(self._source)
        if not todos or todos[0].number > int(raised[1]):  # its code is there, above the raise
            return ["its code is begun, but the line of the stub still stands: delete it", *lines]
        todo = todos[0]
        label = f"Step {self.lesson.number:02}, TODO {todo.number} of {todo.total}"
        place = f"{shown(self.path)}, line {todo.line}"
        return [f"{label} is still to be written", f"{place}: {todo.goal}"]


def _complain_about_name(module: ModuleType, name: str, kind: Kind) -> str | None:
    if not hasattr(module, name):
        return f"the file does not define {name}, {kind}"
    value = getattr(module, name)
    is_right = {
        Kind.DATACLASS: inspect.isclass(value) and dataclasses.is_dataclass(value),
        Kind.FUNCTION: callable(value) and not inspect.isclass(value),
        Kind.MODULE: inspect.isclass(value) and issubclass(value, Module),
    }[kind]
    if not is_right:
        actual = "a class" if inspect.isclass(value) else f"of type {type(value).__name__}"
        actual = "a function" if inspect.isfunction(value) else actual
        return f"{name} has to be {kind}; here it is {actual}"
    if kind is Kind.DATACLASS:
        fields = {field.name for field in dataclasses.fields(value)}
        for attribute, default in vars(value).items():
            is_data = not (attribute.startswith("_") or hasattr(default, "__get__"))
            if is_data and attribute not in fields:
                return f"{attribute} has no type, and so is no field: name, colon, type, default"
    if getattr(value, "__module__", "").startswith("solutions."):
        return f"{name} is the reference's own, from {value.__module__}: write it in this file"
    return None
