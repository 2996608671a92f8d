"""Steps as modules: the reader's file where it is right, the solution in its place where not."""

import ast
import contextlib
import functools
import importlib
import io
import linecache
import sys
import warnings
from collections.abc import Collection
from pathlib import Path
from types import ModuleType

import solutions
from course.files import KERNEL, NUMBERS, STEPS, read_source, solution_path, step_module, step_path

# What these packages offer computes. Others may leave threads, processes or files behind.
COMPUTING = {"__future__", "collections", "dataclasses", "functools", "itertools", "math", "max"}
COMPUTING |= {"numpy", "operator", "re", "solutions", "steps", "typing"}


def provide_steps(
    right: Collection[int], before: int = KERNEL, wanted: Collection[int] | None = None
) -> set[int]:
    """Makes `from steps.step_NN import ...` find the reader's right steps, else the solutions.

    Args:
        right: the numbers of the steps whose files were checked as they are.
        before: the step that imports them. It finds earlier ones only, and cannot import its
            own solution.
        wanted: those that it imports; None for all, as far as they are Python.

    Returns:
        Those of them that could be loaded.
    """
    package = ModuleType("steps")
    package.__path__ = [str(STEPS)]
    sys.modules["steps"] = package
    loaded = set()
    for number in range(1, KERNEL):  # in order, since a step imports earlier ones
        sys.modules.pop(step_module(number), None)
        name = solution_path(number).stem
        if number >= before:
            sys.modules[f"solutions.{name}"] = None
            vars(solutions).pop(name, None)
            continue
        if sys.modules.get(f"solutions.{name}", 0) is None:
            del sys.modules[f"solutions.{name}"]
        if wanted is not None and number not in wanted:
            continue
        reference = load_solution(number)
        sys.modules[reference.__name__] = reference
        setattr(solutions, name, reference)
        _put(number, reference)
        if number in right:
            path = step_path(number)
            silence = contextlib.redirect_stdout(io.StringIO())
            with contextlib.suppress(Exception), silence:
                load_step(number, read_source(path), path)
                loaded.add(number)
    return loaded


@functools.cache
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
    before = sys.modules.get(name)
    sys.modules[name] = module  # where dataclasses look for it while it is being run
    try:
        exec(code, module.__dict__)
    except BaseException:
        sys.modules.pop(name)
        if before:
            sys.modules[name] = before
        raise
    return module


def _put(number: int, module: ModuleType) -> None:
    name = step_module(number)
    sys.modules[name] = module
    setattr(sys.modules["steps"], name.rpartition(".")[2], module)


def imported_steps(source: str) -> list[int]:
    """The numbers of the steps that a file imports; none where it cannot be parsed."""
    names = _imports(source)
    return [number for number in NUMBERS if step_module(number) in names]


def only_computes(source: str) -> bool:
    """Whether a file imports nothing by which it could do anything else."""
    return {name.partition(".")[0] for name in _imports(source)} <= COMPUTING


def _imports(source: str) -> set[str]:
    """The full names of the modules, and of what is taken from them."""
    names: set[str] = set()
    try:
        with warnings.catch_warnings(action="ignore"):  # of the file, which is not run here
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: too deep
        return names
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names
