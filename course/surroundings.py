"""What a step's code must leave as it is, because the next check meets it too."""

import builtins
import os
import sys
from types import ModuleType

SHARED = ("numpy", "math", "max.experimental.functional", "max.experimental.nn")


class Surroundings:
    """The working directory, the loaded modules, and the names in those that steps use."""

    def __init__(self) -> None:
        self._folder = os.getcwd()  # noqa: PTH109  (a path that may be gone)
        self._modules = dict(sys.modules)
        self._names = {
            (module.__name__, name): value
            for module in _watched(self._modules)
            for name, value in vars(module).items()
            if not name.startswith("_")
        }

    def restore(self) -> list[str]:
        """Puts back what was changed.

        Returns:
            What that was, in words.
        """
        changes = []
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module and not name.startswith("steps"):
                sys.modules[name] = module
                changes.append(f"replaces the module {name}")
        for (module_name, name), value in self._names.items():
            module = self._modules[module_name]
            if vars(module).get(name) is not value:
                setattr(module, name, value)
                changes.append(f"replaces {module_name}.{name}")
        if _folder() != self._folder:
            os.chdir(self._folder)
            changes.append("changes the working directory")
        return changes


def _watched(modules: dict[str, ModuleType]) -> list[ModuleType]:
    return [builtins, *(modules[name] for name in SHARED if name in modules)]


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return None
