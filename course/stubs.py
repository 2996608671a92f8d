"""Stubs from solutions: each marked region becomes a numbered TODO for the reader.

A region runs from `# BEGIN SOLUTION: what to do` to `# END SOLUTION`; the more deeply
indented comment lines below the first belong to what is to be done.
"""

import functools
import itertools
import re
from typing import NamedTuple

from course.files import KERNEL, NUMBERS, read_source, solution_path

BEGIN = "# BEGIN SOLUTION: "
END = "# END SOLUTION"
DETAIL = "#   "

_TODO = re.compile(r"# TODO (?P<number>\d+) of (?P<total>\d+): (?P<goal>.*)")
_GOES_ON = re.compile(r"#   (?!(MAX|NumPy|Python|Mojo): )")


class Todo(NamedTuple):
    """A TODO that the reader has not begun."""

    number: int
    total: int
    goal: str  # what is to be done, without the operations to look at
    line: int  # counted from 1
    within: str  # the function or method, with its class


def make_stub(number: int) -> str:
    """The text of a step as it ships."""
    solution = read_source(solution_path(number))
    title, _, body = solution.partition("\n")
    header = (
        f"{title}\n\n"
        f"Check it with `pixi run s{number:02}` or `uv run gpt2 check {number}`;\n"
        f"`gpt2 hint {number}` helps. Its chapter is book/src/step_{number:02}.md.\n"
    )
    lines = _replace_regions(body.split("\n"), number)
    return header + "\n".join(lines).replace("solutions.solution_", "steps.step_")


def open_todos(source: str) -> list[Todo]:
    """The TODOs of a file below which no code has been written yet."""
    lines = [line.strip() for line in source.split("\n")]
    found = []
    for index, line in enumerate(lines):
        if match := _TODO.fullmatch(line):
            details = itertools.takewhile(_GOES_ON.match, lines[index + 1 :])
            goal = " ".join([match["goal"], *(text.removeprefix("#   ") for text in details)])
            below = next((text for text in lines[index:] if text and text[0] != "#"), "")
            # In a class body nothing is raised: there the next definition follows at once.
            if below.startswith(("raise NotImplementedError(", "raise Error(", "def ", "@")):
                number, total = int(match["number"]), int(match["total"])
                found.append(Todo(number, total, goal, index + 1, _within(source, index)))
    return found


def _within(source: str, index: int) -> str:
    """The names of the class and the function that a line is in, with a point between them."""
    lines = source.split("\n")[: index + 1]
    names = []
    while lines:
        line = lines.pop()
        indent = len(line) - len(line.lstrip())
        opening = _opening(lines, indent) if indent else ""
        if match := re.match(r"(?:class|def|struct) (\w+)", opening):
            names.insert(0, match[1])
        while lines and lines[-1].strip() != opening:
            lines.pop()
    return ".".join(names)


def is_untouched(source: str) -> bool:
    """Whether this is a stub as it ships, without a letter of the reader's in it."""
    return source in _stubs()


@functools.cache
def _stubs() -> set[str]:
    return {make_stub(number) for number in NUMBERS}


def _replace_regions(lines: list[str], number: int) -> list[str]:
    total = sum(BEGIN in line for line in lines)
    result: list[str] = []
    region: list[str] = []  # the lines of the TODO at hand; empty outside of a region
    count = 0
    reading_details = in_class_body = False
    for line in lines:
        text = line.strip()
        indent = line[: len(line) - len(line.lstrip())]
        if text.startswith(BEGIN):
            count += 1
            region = [f"{indent}# TODO {count} of {total}: {text.removeprefix(BEGIN)}"]
            reading_details = True
            in_class_body = _opening(result, len(indent)).startswith("class ")
        elif text == END:
            result += region
            if not in_class_body:  # there it would be raised at import
                todo = f"Step {number:02}, TODO {count} of {total}"
                error = "Error" if number == KERNEL else "NotImplementedError"
                result.append(f'{indent}raise {error}("{todo}")')
            region = []
        elif region:
            reading_details = reading_details and text.startswith(DETAIL)
            if reading_details:
                region.append(line)
        else:
            result.append(line)
    return result


def _opening(lines: list[str], indent: int) -> str:
    """The line that opened the block which code at this indent is in."""
    for line in reversed(lines):
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            return line.strip()
    return ""
