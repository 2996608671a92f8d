"""Writes into the book's pages what their code prints now; read the difference before a commit.

`uv run python tests/refresh_book.py [step_07 …]`; without names, all pages.
"""

import os
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import conftest
from book import PAGES, asks_a_server, same_output
from book_runs import run_commands, run_mojo, run_python
from serving_process import started


def refresh(page: Path) -> None:
    source = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with started(place) if asks_a_server(page) else nullcontext() as server:
            runs = [*run_python(page, server), *run_commands(page, place, server)]
        runs += run_mojo(page, place)
    changed = [
        (block.prints_at, printed)
        for block, printed in runs
        if block.prints is not None and not same_output(printed, block.prints)
    ]
    for place, printed in sorted(changed, key=lambda change: change[0].start, reverse=True):
        lines = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
        source = source[: place.start] + lines + source[place.stop :]
    page.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    os.chdir(conftest.ROOT)
    for page in PAGES:
        if not sys.argv[1:] or page.stem in sys.argv[1:]:
            print(page.name)
            refresh(page)
