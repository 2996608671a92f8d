"""Step 20's file: Mojo, compiled into a library whose functions Python can call."""

import ctypes
import hashlib
import re
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

from course.files import shown
from course.outcomes import NotCompiled

MANY = 3  # errors; what follows from the first ones is not shown
FUNCTION = re.compile(r"^def (\w+)", re.MULTILINE)
ERROR = re.compile(r".*?:(\d+):(\d+): error: (.*)\n(.*)")


def build(source: str, path: Path, compiling: Callable[[bool], None]) -> ctypes.CDLL:
    """Compiles a text, for some seconds, unless this machine has done so before.

    Args:
        source: the text.
        path: the file that it is from.
        compiling: is told True before it takes long, and False afterwards.

    Raises:
        NotCompiled: Mojo says that it cannot be.
    """
    from gpt2.engine.folders import cache_folder
    from gpt2.engine.kept import kept_file

    key = hashlib.sha256(f"{version('max')} {source}".encode()).hexdigest()[:16]
    compiling(True)
    try:
        make = partial(_compile, source=source, path=path)
        return ctypes.CDLL(str(kept_file(cache_folder() / "steps", key, make)))
    finally:
        compiling(False)


def build_all(
    sources: Sequence[str], path: Path, compiling: Callable[[bool], None]
) -> list[SimpleNamespace]:
    """Compiles texts that differ in their functions alone, in hardly more time than one.

    In the text that is compiled each function is there as often as there are sources; its name
    ends with the source's number.
    """
    beginning = sources[0].partition("\ndef ")[0]
    names = FUNCTION.findall(sources[0])
    functions = [
        re.sub(rf"\b({'|'.join(names)})\b", rf"\1_{number}", source.removeprefix(beginning))
        for number, source in enumerate(sources)
    ]
    library = build("\n\n".join([beginning, *functions]), path, compiling)
    return [
        SimpleNamespace(**{name: getattr(library, f"{name}_{number}", None) for name in names})
        for number in range(len(sources))
    ]


def _compile(library: Path, source: str, path: Path) -> None:
    from mojo.run import subprocess_run_mojo

    text = library.with_suffix(".mojo")
    text.write_text(source, encoding="utf-8")
    command = ["build", "--emit", "shared-lib", str(text), "-o", str(library)]
    done = subprocess_run_mojo(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise NotCompiled(*_explain(done.stderr, path))


def _explain(errors: str, path: Path) -> list[str]:
    """Mojo's first errors, each with the reader's line."""
    found = ERROR.findall(errors)
    lines = []
    for number, column, message, line in found[:MANY]:
        indent = len(line) - len(line.lstrip())
        lines += [
            f"Mojo: {message}",
            f"{shown(path)}, line {number}:",
            f"    {line.strip()}",
            f"    {' ' * (int(column) - 1 - indent)}^",
        ]
    if len(found) > MANY:
        lines.append(f"and {len(found) - MANY} errors more, which may follow from these")
    return lines or [f"Mojo: {errors.strip().splitlines()[-1]}"]
