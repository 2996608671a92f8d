"""`gpt2 doctor`: what this machine has, and what to do about what it lacks."""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gpt2.checkpoint.locate import CONFIG_FILE, OPENAI_REPOSITORIES, WEIGHTS_FILE, shipped_models
from gpt2.errors import UserError
from gpt2.threads import thread_count

OK = "ok"
LOOK = "look"  # works, but there is something to know
LITTLE_DISK = 2e9  # bytes


class Finding(NamedTuple):
    """What was found, and what to do where something is to be done."""

    mark: str
    found: str
    advice: str = ""


def examine() -> None:
    """Prints the table; what cannot be found out is a row, too."""
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False, show_header=False)
    for subject, look in SUBJECTS.items():
        try:
            finding = look()
        except UserError as error:
            finding = Finding(LOOK, *str(error).split("\n", 1))
        except Exception as error:
            finding = Finding(LOOK, f"cannot tell: {type(error).__name__}: {error}")
        style = "green" if finding.mark == OK else "yellow"
        advice = f"\n→ {finding.advice}" if finding.advice else ""
        table.add_row(subject, f"[{style}]{finding.mark}[/]", escape(finding.found + advice))
    Console(highlight=False).print(table)


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info >= (3, 13):
        return Finding(OK, version)
    return Finding(
        LOOK,
        version,
        "before 3.13 MAX's eager operations crawl: begin scripts of your own with "
        "`import gpt2.runtime`, as gpt2 does, or take another: `uv sync --python 3.13`",
    )


def _device() -> Finding:
    from max.driver import Accelerator, accelerator_count

    count = accelerator_count()
    if count == 0:
        found = f"CPU, {os.cpu_count()} cores, {platform.machine()}"
        return Finding(OK, f"{found}; threads that compute: {thread_count()}")
    names = {Accelerator(index).model_name for index in range(count)}
    return Finding(OK, f"{count} accelerators ({', '.join(sorted(names))})")


def _compiled() -> Finding:
    from max._core.engine import max_cache_dir

    from course.lessons import KERNELS
    from gpt2.engine.folders import cache_folder
    from gpt2.engine.kept import SUFFIX

    cache = max_cache_dir()
    if cache is None:
        return Finding(LOOK, "MAX has nowhere to keep them", "set MODULAR_CACHE_DIR to a folder")
    own = cache_folder()
    by_max = len(list(Path(cache).glob(f"mof/mef/{metadata.version('max')}/*")))
    engines = len(list(own.glob(f"decoders/*{SUFFIX}")))
    found = f"{by_max} of MAX, {engines} of the engine in {own.parent}"
    if not os.access(own.parent, os.W_OK):
        return Finding(LOOK, f"{found}, which cannot be written to", "MODULAR_CACHE_DIR moves it")
    if not own.is_absolute():
        return Finding(LOOK, found, "begin MODULAR_CACHE_DIR with /: now each folder has its own")
    if by_max < KERNELS or not engines:
        return Finding(
            LOOK,
            f"cold: {found}",
            "first runs compile for minutes and keep the result; `gpt2 warm` does it ahead",
        )
    return Finding(OK, f"warm: {found}")


def _disk() -> Finding:
    from gpt2.engine.folders import max_folder

    folder = max_folder()
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free at {folder}"
    if free < LITTLE_DISK:
        return Finding(LOOK, found, "compiling may fail; MODULAR_CACHE_DIR moves to another disk")
    return Finding(OK, found)


def _openai_models() -> Finding:
    from huggingface_hub import try_to_load_from_cache

    cached = [
        name
        for name, repository in OPENAI_REPOSITORIES.items()
        if name.startswith("gpt2")
        and all(
            isinstance(try_to_load_from_cache(repository, file), str)
            for file in (CONFIG_FILE, WEIGHTS_FILE)
        )
    ]
    if cached:
        return Finding(OK, f"{', '.join(cached)} downloaded")
    return Finding(LOOK, "none downloaded", "`gpt2 generate --model gpt2` fetches one (550 MB)")


def _torch() -> Finding:
    try:
        versions = [metadata.version(name) for name in ("transformers", "torch")]
    except metadata.PackageNotFoundError:
        return Finding(
            LOOK,
            "not installed",
            "needed only to compare with them and to train: `uv sync --group train`",
        )
    return Finding(OK, ", ".join(versions))


SUBJECTS: dict[str, Callable[[], Finding]] = {
    "Python": _python,
    "MAX": lambda: Finding(OK, metadata.version("max")),
    "device": _device,
    "compiled graphs": _compiled,
    "disk": _disk,
    "shipped models": lambda: Finding(OK, ", ".join(shipped_models())),
    "OpenAI's models": _openai_models,
    "transformers, torch": _torch,
}
