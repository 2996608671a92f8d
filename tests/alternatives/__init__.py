"""Right answers that are written differently from the solutions.

Each is the code of some of a solution's marked regions, counted from 1; the others stay.
"""

import importlib

from alternatives.model import ALTERNATIVES as MODEL
from course.files import NUMBERS, read_source, solution_path
from course.stubs import BEGIN, END

ALTERNATIVES = MODEL | {
    number: importlib.import_module(f"alternatives.step_{number}").ALTERNATIVES
    for number in NUMBERS
    if number not in MODEL
}


def alternative(number: int, name: str) -> str:
    """The source of a solution with the code of another in its regions."""
    code = ALTERNATIVES[number][name]
    lines = read_source(solution_path(number)).split("\n")
    result, region, inside = [], 0, False
    for line in lines:
        if line.strip() == END:
            inside = False
        if line.strip().startswith(BEGIN):
            region += 1
            indent = line[: len(line) - len(line.lstrip())]
            inside = region in code
            if inside:
                result += _indented(code[region], indent)
        elif not inside:
            result.append(line)
    return "\n".join(result)


def _indented(code: str, indent: str) -> list[str]:
    lines = [line for line in code.split("\n") if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return [indent + line[margin:] for line in lines]
