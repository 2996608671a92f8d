"""How far each piece of a step is: a method can be right before the others are written."""

from course.compare import acceptable
from course.lesson import Lesson
from course.outcomes import Outcomes, Raised
from course.report import OPEN, RIGHT, WAITS, WRONG
from course.stubs import make_stub, open_todos

INIT = "__init__"


def pieces_of(lesson: Lesson, source: str, reference: Outcomes, trial: Outcomes) -> dict[str, str]:
    """The pieces that have experiments of their own, each with how far it is."""
    if len(open_todos(make_stub(lesson.number))) == 1:
        return {}
    places = [todo.within for todo in open_todos(source)]
    standing: dict[str, str] = {}
    for piece, keys in _tried(lesson).items():
        if any(f".{place}".endswith(f".{piece}") for place in places):
            standing[piece] = OPEN
        elif all(acceptable(reference[key], trial[key]) for key in keys):
            standing[piece] = RIGHT
        elif standing.get(INIT, RIGHT) != RIGHT or any(_is_open(trial[key]) for key in keys):
            standing[piece] = WAITS
        else:
            standing[piece] = WRONG
    return standing


def _tried(lesson: Lesson) -> dict[str, list[str]]:
    """What is tried of each piece; what says nothing is about the forward of a module."""
    keys: dict[str, list[str]] = {}
    if lesson.constructions:
        keys[INIT] = [construction.call for construction in lesson.constructions]
    for experiment in lesson.experiments:
        if piece := experiment.piece or ("forward" if lesson.constructions else ""):
            keys.setdefault(piece, []).append(experiment.name)
    return keys


def _is_open(outcome: object) -> bool:
    return isinstance(outcome, Raised) and outcome.is_todo
