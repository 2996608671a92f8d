"""What a reader is told about an exception: what it says, and the line of theirs it came from."""

import re
import traceback
from pathlib import Path
from types import FrameType

from course.files import SOLUTIONS, STEPS, shown
from course.subject import ChangedInput, NotATensor

LONGEST_MESSAGE = 400  # characters
ADVICE = {  # what MAX's words mean for a reader
    "only supported for static dims": ". In a graph a size is a name, not a number: do without int",
    "when using dims to index": ". A size of a tensor is a Dim; a number like head_dim does",
}


def explain(error: BaseException, path: Path) -> list[str]:
    """Lines for a report: the exception, then the reader's line, if one is to blame.

    Args:
        error: what was raised.
        path: the file that was being checked.
    """
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return _explain_syntax(error)
    return [_message(error), *_blame(error, path)]


def _explain_syntax(error: SyntaxError) -> list[str]:
    line = (error.text or "").rstrip("\n")
    stripped = line.lstrip()
    column = max((error.offset or 1) - 1 - (len(line) - len(stripped)), 0)
    return [
        f"{type(error).__name__}: {error.msg}",
        f"{shown(Path(error.filename or ''))}, line {error.lineno}:",
        f"    {stripped}",
        f"    {' ' * column}^",
    ]


def _message(error: BaseException) -> str:
    if isinstance(error, ChangedInput):
        return "the code writes into a tensor that it was given; make a new one instead"
    if isinstance(error, NotATensor):
        return f"it returned {error}"
    if isinstance(error, SystemExit):
        return f"the code calls exit({error.code!r}); it should return"
    if isinstance(error, RecursionError):
        return f"RecursionError: {error}. Something calls itself without an end"
    text = _essence(str(error))
    advice = next((advice for words, advice in ADVICE.items() if words in text), "")
    return f"{type(error).__name__}: {text}{advice}" if text else type(error).__name__


def _essence(message: str) -> str:
    """MAX's messages list inputs, advice and compiler terms around the line that matters."""
    if match := re.search(r"Diagnostics:\n(?:.*\]\.?\n)?\s*(.+)", message):
        message = match[1]
    message = re.sub(r"#mosh<ape(\[.*?\])> : !mosh\.ape", r"\1", message)
    message = re.sub(r"\bDim\((\d+|'\w+')\)", r"\1", message)
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    message = " ".join(lines[:3])
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 3] + "..."


def _blame(error: BaseException, path: Path) -> list[str]:
    return _place(traceback.extract_tb(error.__traceback__), path)


def own_lines(frame: FrameType, path: Path) -> list[str]:
    """Where code is that is running now, as lines for a report."""
    return _place(traceback.extract_stack(frame), path)


def _place(frames: traceback.StackSummary, path: Path) -> list[str]:
    """The innermost line of the file that is checked, or else of another step or solution."""
    theirs = [frame for frame in frames if Path(frame.filename) == path] or [
        frame for frame in frames if Path(frame.filename).parent in (STEPS, SOLUTIONS)
    ]
    if not theirs:
        return []
    frame = theirs[-1]
    within = "" if frame.name == "<module>" else f", in {frame.name}"
    return [f"{shown(Path(frame.filename))}, line {frame.lineno}{within}:", f"    {frame.line}"]
