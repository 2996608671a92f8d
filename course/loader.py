"""Steps as modules: the reader's file where it is right, the solution in its place where not."""

import importlib
import linecache
import sys
from collections.abc import Collection
from pathlib import Path
from types import ModuleType

from course.files import NUMBERS, STEPS, read_source, solution_path, step_module, step_path


def provide_steps(right: Collection[int]) -> None:
    """Makes `from steps.step_NN import ...` find the reader's right steps, else the solutions.

    Args:
        right: the numbers of the steps whose files were checked as they are.
    """
    package = ModuleType("steps")
    package.__path__ = [str(STEPS)]
    sys.modules["steps"] = package
    for number in NUMBERS:
        sys.modules.pop(step_module(number), None)
    for number in NUMBERS:  # in order, since a step imports earlier ones
        if number in right:
            path = step_path(number)
            module = execute(read_source(path), path, step_module(number))
        else:
            module = load_solution(number)
        _put(number, module)


def load_solution(number: int) -> ModuleType:
    """The reference of a step."""
    return importlib.import_module(f"solutions.{solution_path(number).stem}")


def load_step(number: int, source: str, path: Path) -> ModuleType:
    """Runs a reader's file as `steps.step_NN`.

    Raises:
        BaseException: whatever the file raises, SyntaxError and SystemExit included.
    """
    module = execute(source, path, step_module(number))
    _put(number, module)
    return module


def execute(source: str, path: Path, name: str) -> ModuleType:
    """A module of this name from this text, whose lines tracebacks can show."""
    module = ModuleType(name)
    module.__file__ = str(path)
    code = compile(source, str(path), "exec", dont_inherit=True)
    linecache.cache[str(path)] = (len(source), None, source.splitlines(keepends=True), str(path))
    sys.modules[name] = module  # where dataclasses look for it while it is being run
    exec(code, module.__dict__)
    return module


def _put(number: int, module: ModuleType) -> None:
    name = step_module(number)
    sys.modules[name] = module
    setattr(sys.modules["steps"], name.rpartition(".")[2], module)
