"""What a step's code must leave as it is: modules that others use, and the project's files."""

import contextlib
import inspect
import os
import sys
from collections.abc import Iterator
from types import ModuleType

from course.files import ROOT, shown

MAXS = {f"max.experimental.{name}" for name in ("functional", "nn", "tensor")}
SHARED = {"builtins", "collections", "dataclasses", "functools", "math", "numpy", "typing"} | MAXS
OURS = ("course", "gpt2", "solutions")
MANY = 5  # more changes than this are not told


class Surroundings:
    """The working directory, the loaded modules, and the names in those that steps use."""

    def __init__(self) -> None:
        self._folder = os.stat(".")  # noqa: PTH116
        self._modules = dict(sys.modules)
        self._names = {
            (owner, name): value
            for owner in _owners(self._modules)
            for name, value in vars(owner).items()
            if inspect.isclass(owner) or not name.startswith("_")
        }

    def changes(self) -> list[str]:
        """What was changed, a sentence each."""
        changes = [
            f"replaces the module {name}"
            for name, module in self._modules.items()
            if sys.modules.get(name) is not module and not name.startswith("steps")
        ]
        changes += [
            f"replaces {_name(owner)}.{name}"
            for (owner, name), value in self._names.items()
            if vars(owner).get(name) is not value
        ]
        if not os.path.samestat(self._folder, os.stat(".")):  # noqa: PTH116
            changes.append("changes the working directory")
        return [f"The file {change}. That is undone now." for change in changes[:MANY]]


def _owners(modules: dict[str, ModuleType]) -> Iterator[ModuleType | type]:
    """The modules that steps use, ours, and the classes that are defined in them."""
    for name, module in modules.items():
        if module and (name in SHARED or name.partition(".")[0] in OURS):
            yield module
            yield from (
                value
                for value in list(vars(module).values())
                if inspect.isclass(value) and value.__module__ == name
            )


def _name(owner: ModuleType | type) -> str:
    return f"{owner.__module__}.{owner.__name__}" if inspect.isclass(owner) else owner.__name__


def project_files() -> dict[str, tuple[int, int]]:
    """When each file that a step has no business with was written last, and its size."""
    files = {}
    for pattern in ("*", "steps/*", "solutions/*", "course/*", "course/*/*"):
        for path in ROOT.glob(pattern):
            if path.is_file() and not path.name.startswith("."):
                with contextlib.suppress(OSError):  # an editor's file, gone by now
                    status = path.stat()
                    files[shown(path)] = status.st_mtime_ns, status.st_size
    return files


def file_changes(before: dict[str, tuple[int, int]]) -> list[str]:
    """What has become of the project's files since then, a sentence each."""
    after = project_files()
    changed = [name for name in sorted(before | after) if before.get(name) != after.get(name)]
    return [
        f"While the code ran, {name} was {'written' if name in after else 'deleted'}."
        for name in changed[:MANY]
    ]
