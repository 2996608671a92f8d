"""What a reader is told about an exception: what it says, and the line of theirs it came from."""

import linecache
import re
import traceback
from pathlib import Path

from course.files import SOLUTIONS, STEPS, shown
from course.outcomes import ChangedInput, NotATensor, NotCompiled, Raised, Violated, words

LONGEST_MESSAGE = 400  # characters
LONGEST_LINE = 160  # characters of a reader's line
DEEPEST = 1000  # frames, counted from where the exception was raised
ADVICE = {  # what MAX's and Python's words mean for a reader
    "only supported for static dims": ". In a graph a size is a name, not a number: do without int",
    "when using dims to index": ". A size of a tensor is a Dim; a number like head_dim does",
    "during compilation": ". Some expression is nested too deeply for Python",
    "maximum recursion depth exceeded": ". Something calls itself without an end",
    "must implement forward()": ". It is the parent's, which does nothing: do the work here",
    "'NoneType' object": ". Something returned nothing: is a `return` missing?",
    "neither equivalent nor broadcastable": ": print the shapes of both to see which is not yours",
    "Slice index value must be a scalar": ". Unlike NumPy's, brackets pick no rows by a tensor",
    "is out of bounds for dimension size": ". Are two axes swapped?",
}


def raised(error: BaseException, path: Path) -> Raised:
    """An exception as an outcome.

    Args:
        error: what was raised, maybe by a class of the reader's that cannot even be printed.
        path: the file that is checked.
    """
    try:
        frames = traceback.extract_tb(error.__traceback__, -DEEPEST)
        return Raised(
            [f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__],
            words(error),
            bool(frames) and _on_purpose(frames[-1], path),
            _explain(error, path, frames),
        )
    except BaseException as fault:  # of that class
        return raised(fault, path)


def _on_purpose(frame: traceback.FrameSummary, path: Path) -> bool:
    """Whether a step raised it, and not MAX or NumPy, whose words say what is wrong."""
    is_a_step = Path(frame.filename) == path or Path(frame.filename).parent in (STEPS, SOLUTIONS)
    return is_a_step and (frame.line or "").lstrip().startswith(("raise ", "assert "))


def where(dump: str, path: Path) -> list[str]:
    """The line at which Python was when `faulthandler` last wrote, as lines for a report."""
    linecache.checkcache()
    last = dump.rpartition("(most recent call first):\n")[2]
    found = re.findall(r'^  File "(.+)", line (\d+) in (.+)$', last, re.MULTILINE)
    frames = [
        traceback.FrameSummary(file.encode().decode("unicode_escape"), int(line), name)
        for file, line, name in reversed(found)
    ]
    return _blame(frames, path)


def _explain(error: BaseException, path: Path, frames: traceback.StackSummary) -> list[str]:
    """Lines for a report: the exception, then the reader's line, if one is to blame."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return _explain_syntax(error)
    if isinstance(error, NotCompiled):
        return list(error.args)
    return [_message(error), *_blame(frames, path)]


def _explain_syntax(error: SyntaxError) -> list[str]:
    line = (error.text or "").rstrip("\n")
    stripped = line.lstrip()
    column = max((error.offset or 1) - 1 - (len(line) - len(stripped)), 0)
    start = max(column - LONGEST_LINE // 2, 0)
    return [
        f"{type(error).__name__}: {error.msg}",
        f"{shown(Path(error.filename or ''))}, line {error.lineno}:",
        f"    {stripped[start : start + LONGEST_LINE]}",
        f"    {' ' * (column - start)}^",
    ]


def _message(error: BaseException) -> str:
    if isinstance(error, ChangedInput):
        return "the code writes into a tensor that it was given; make a new one instead"
    if isinstance(error, Violated):
        return words(error)
    if isinstance(error, NotATensor):
        nothing = str(error).startswith("NoneType")
        return "it returned nothing: is `return` missing?" if nothing else f"it returned {error}"
    if isinstance(error, SystemExit):
        return f"the code calls exit({words(error.code, repr)}); it should return"
    if isinstance(error, MemoryError):
        return "MemoryError: too much for this machine, or an expression is nested too deeply"
    if isinstance(error, ImportError) and (error.name or "").startswith("solutions."):
        return f"{error.name} is the reference's own: write it in this file"
    text = _essence(words(error))
    advice = next((advice for words, advice in ADVICE.items() if words in text), "")
    return f"{type(error).__name__}: {text}{advice}" if text else type(error).__name__


def _essence(message: str) -> str:
    """MAX's messages list inputs, advice and compiler terms around the line that matters."""
    if match := re.search(r"Diagnostics:\n(?:.*\]\.?\n)?\s*(.+)", message):
        message = match[1]
    message = re.sub(r"An error occurred in kernel (entry point )?named \".*?\":\s+", "", message)
    message = message.partition("Fusion info:")[0]
    message = re.sub(r"#mosh<ape(\[.*?\])> : !mosh\.ape", r"\1", message)
    message = re.sub(r"\.? *Insert an explicit rebind.*|\(or, for Modules.*", "", message)
    message = re.sub(r"\bDim\((\d+|'\w+')\)", r"\1", message)
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    return _short(" ".join(lines[:3]), LONGEST_MESSAGE)


def _blame(frames: list[traceback.FrameSummary], path: Path) -> list[str]:
    """The innermost line of the file that is checked, or else of another step or solution."""
    theirs = [frame for frame in frames if Path(frame.filename) == path] or [
        frame for frame in frames if Path(frame.filename).parent in (STEPS, SOLUTIONS)
    ]
    if not theirs:
        return []
    frame = theirs[-1]
    within = "" if frame.name == "<module>" else f", in {frame.name}"
    line = _short(frame.line or "", LONGEST_LINE)
    return [f"{shown(Path(frame.filename))}, line {frame.lineno}{within}:", f"    {line}"]


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."
