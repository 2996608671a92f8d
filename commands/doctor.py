"""`gpt2 doctor`: what this machine has, and what to do about what it lacks."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from max._core.engine import max_cache_dir
from max.driver import Accelerator, accelerator_count
from rich import box
from rich.console import Console
from rich.table import Table

from gpt2.checkpoint.locate import CONFIG_FILE, OPENAI_REPOSITORIES, WEIGHTS_FILE, shipped_models

OK = "ok"
LOOK = "look"  # works, but there is something to know


class Finding(NamedTuple):
    """One row of the table: what was found, and what to do where something is to be done."""

    subject: str
    mark: str
    found: str
    advice: str = ""


def examine() -> None:
    """Prints the table."""
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False, show_header=False)
    for finding in _findings():
        style = "green" if finding.mark == OK else "yellow"
        advice = f"\n→ {finding.advice}" if finding.advice else ""
        table.add_row(finding.subject, f"[{style}]{finding.mark}[/]", finding.found + advice)
    Console(highlight=False).print(table)


def _findings() -> Iterator[Finding]:
    yield _python()
    yield Finding("MAX", OK, importlib.metadata.version("max"))
    yield _device()
    yield _compiled_graphs()
    yield Finding("shipped models", OK, ", ".join(shipped_models()))
    yield _openai_models()
    yield _torch()


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info >= (3, 13):
        return Finding("Python", OK, version)
    return Finding(
        "Python",
        LOOK,
        version,
        "before 3.13 MAX's eager operations crawl: begin scripts of your own with "
        "`import gpt2.runtime`, as gpt2 does, or take another: `uv sync --python 3.13`",
    )


def _device() -> Finding:
    count = accelerator_count()
    if count == 0:
        return Finding("device", OK, f"CPU, {os.cpu_count()} cores, {platform.machine()}")
    names = {Accelerator(index).model_name for index in range(count)}
    return Finding("device", OK, f"{count} accelerators ({', '.join(sorted(names))})")


def _compiled_graphs() -> Finding:
    subject = "compiled graphs"
    folder = max_cache_dir()
    if folder is None:
        return Finding(
            subject, LOOK, "MAX has nowhere to keep them", "set MODULAR_CACHE_DIR to a folder"
        )
    cache = Path(folder).parent
    graphs = list(Path(folder).glob("mof/mef/*/*"))
    if not graphs:
        return Finding(
            subject,
            LOOK,
            f"cold: none in {_short(cache)}",
            "first runs compile for minutes and keep the result; `gpt2 warm` does it ahead",
        )
    megabytes = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) / 1e6
    found = f"warm: {len(graphs)}, {megabytes:.0f} MB in {_short(cache)}"
    return Finding(subject, OK, found)


def _short(path: Path) -> str:
    """The path, with ~ for the home folder."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _openai_models() -> Finding:
    from huggingface_hub import try_to_load_from_cache

    subject = "OpenAI's models"
    names = {repository: name for name, repository in reversed(OPENAI_REPOSITORIES.items())}
    cached = [
        name
        for repository, name in reversed(names.items())
        if all(
            isinstance(try_to_load_from_cache(repository, file), str)
            for file in (CONFIG_FILE, WEIGHTS_FILE)
        )
    ]
    if cached:
        return Finding(subject, OK, f"{', '.join(cached)} downloaded")
    return Finding(
        subject, LOOK, "none downloaded", "`gpt2 generate --model gpt2` fetches one (550 MB)"
    )


def _torch() -> Finding:
    subject = "transformers, torch"
    try:
        versions = [importlib.metadata.version(name) for name in ("transformers", "torch")]
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            subject,
            LOOK,
            "not installed",
            "needed only to compare with them and to train: `uv sync --group train`",
        )
    return Finding(subject, OK, ", ".join(versions))
