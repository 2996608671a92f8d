"""What is right and what is wrong about one step: its outcomes beside those of the reference."""

import functools
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course.compare import acceptable, same, same_form
from course.describe import describe, describe_forms, describe_names
from course.files import shown
from course.lesson import SPEED, SYMBOLIC, Experiment, Lesson
from course.loader import imported_steps
from course.misconceptions import recognize
from course.outcomes import Outcomes, Raised
from course.pieces import pieces_of
from course.report import (
    ANY_SIZES,
    CHANGES,
    FORM,
    LOADS,
    NAMES,
    PARAMETERS,
    RUNS,
    VALUES,
    Report,
)
from course.stubs import open_todos
from course.trials.client import Lost


@dataclass
class Judge:
    """Judges one file."""

    lesson: Lesson
    report: Report  # is filled in
    path: Path
    source: str
    trial: Outcomes  # of the file's code
    reference: Outcomes  # of the solution
    try_ours: Callable[[str], Outcomes]  # begins a trial of a variation of the solution

    def run(self) -> None:
        """Looks at one thing after the other, until one is wrong."""
        try:
            with warnings.catch_warnings(action="ignore"):  # of NumPy, about wrong values
                self.report.right = (
                    self._load()
                    and self._find_names()
                    and self._compare_parameters()
                    and self._run_experiments()
                    and self._compare_forms()
                    and self._compare_values()
                    and self._trace()
                    and self._measure()
                )
            if not self.report.right and self.report.phases[-1].name not in (LOADS, NAMES):
                it = self.lesson, self.source, self.reference, self.trial
                self.report.pieces = pieces_of(*it)
            self.report.notes += self.trial[CHANGES]
        except Lost as loss:
            self.report.right = False
            if not self.report.finding:  # else what was wrong before is told
                self.report.failed(RUNS if self.report.phases else LOADS, "", [*loss.args])

    @functools.cached_property
    def _experiments(self) -> list[Experiment]:
        """What is tried. While something is to be written, wrong values of the rest come first."""
        found = {e: self.trial[e.name] for e in self.lesson.experiments}
        values = [e for e in found if not isinstance(found[e], Raised)]
        is_open = any(self._is_open(e.name) for e in found)
        all_right = all(acceptable(self.reference[e.name], found[e]) for e in values)
        return values if is_open and not all_right else [*found]

    def _load(self) -> bool:
        found = self.trial[LOADS]
        if isinstance(found, Raised):
            self.report.failed(LOADS, "", self._explain(found))
            return False
        imported = imported_steps(self.source)
        self.report.stand_ins = [number for number in imported if number not in found]
        self.report.passed(LOADS)
        return True

    def _find_names(self) -> bool:
        wrong = self.trial[NAMES]
        if wrong:
            self.report.failed(NAMES, "", wrong.lines if isinstance(wrong, Raised) else [wrong])
            return False
        self.report.passed(NAMES, ", ".join(self.lesson.defines))
        return True

    def _compare_parameters(self) -> bool:
        calls = [construction.call for construction in self.lesson.constructions]
        for call in calls:
            expected, found = self.reference[call], self.trial[call]
            if isinstance(found, Raised):
                return self._fail(PARAMETERS, call, self._explain(found), calls)
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
        for experiment in self._experiments:
            expected, found = self.reference[experiment.name], self.trial[experiment.name]
            ran = not isinstance(found, Raised) or found.is_violation
            if not ran and not acceptable(expected, found):
                explanation = self._explain(found)
                if isinstance(expected, Raised):
                    explanation.insert(0, f"it should raise {expected.kind}, and raised another")
                return self._fail(RUNS, experiment.name, explanation, [*self.lesson.tried()])
        self.report.passed(RUNS, f"{len(self._experiments)} experiments")
        return True

    def _compare_forms(self) -> bool:
        count = 0
        for experiment in self._experiments:
            expected, found = self.reference[experiment.name], self.trial[experiment.name]
            if isinstance(expected, np.ndarray) and not isinstance(found, Raised):
                count += 1
                if not same_form(expected, found):
                    lines = describe_forms(expected, found)
                    return self._fail(FORM, experiment.name, lines, [*self.lesson.tried()])
        if count:
            self.report.passed(FORM)
        return True

    def _compare_values(self) -> bool:
        for experiment in self._experiments:
            expected, found = self.reference[experiment.name], self.trial[experiment.name]
            if not acceptable(expected, found):
                broken = isinstance(found, Raised) and found.is_violation
                lines = found.lines if broken else describe(expected, found, experiment.axes)
                lines = [*lines, *self._say_what_is_right()]
                return self._fail(VALUES, experiment.name, lines, [*self.lesson.tried()])
        self.report.passed(VALUES)
        return True

    def _say_what_is_right(self) -> list[str]:
        """What tells a wrong batch from a wrong length: the experiments that came out right."""
        names = [
            experiment.name
            for experiment in self._experiments
            if isinstance(self.reference[experiment.name], np.ndarray)
            and acceptable(self.reference[experiment.name], self.trial[experiment.name])
        ]
        return [f"right, though: {'; '.join(names[:2])}"] if names else []

    def _trace(self) -> bool:
        if not self.lesson.symbolic:
            return True
        found = self.trial[SYMBOLIC]
        if isinstance(found, Raised):
            lines = [
                "it works only while the sizes are numbers; in a graph they are names",
                *self._explain(found),
            ]
            return self._fail(ANY_SIZES, "", lines, [*self.lesson.tried(), SYMBOLIC])
        self.report.passed(ANY_SIZES, "traced with symbolic batch and length")
        return True

    def _measure(self) -> bool:
        """Tells how fast the code is; slow is not wrong."""
        if self.lesson.speed:
            found = self.trial[SPEED]
            self.report.passed(SPEED, found if isinstance(found, str) else "could not be measured")
        return True

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
        if self._is_open(first):
            return False
        keys = [first, *(key for key in keys if key != first and not self._is_open(key))]
        found, complete = recognize(self.lesson, self.reference, self.trial, keys, self.try_ours)
        sentences = [misconception.sentence for misconception in found]
        self.report.misconception = bool(sentences) and complete
        if sentences and not complete:
            sentences = [*lines[:1], f"Part of it may be this: {sentences[0]}"]
            lines = lines[1:]
        self.report.finding = [*sentences, *lines]
        return False

    def _is_open(self, key: str) -> bool:
        """Whether what is asked for waits for something that is to be written."""
        found = self.trial[key]
        return isinstance(found, Raised) and found.is_todo

    def _explain(self, error: Raised) -> list[str]:
        lines = list(error.lines)
        raised = re.match(r"Step \d+, TODO (\d+) of", error.message)
        if not error.is_todo or not raised:
            return lines
        todos = open_todos(self.source)
        if not todos or todos[0].number > int(raised[1]):  # its code is there, above the raise
            return ["its code is begun, but the line of the stub still stands: delete it", *lines]
        todo = todos[0]
        label = f"Step {self.lesson.number:02}, TODO {todo.number} of {todo.total}"
        place = f"{shown(self.path)}, line {todo.line}"
        return [f"{label} is still to be written", f"{place}: {todo.goal}"]
