"""Reads the book's pages: their blocks, and what is promised about them.

A `text` block is what the block before it prints. A comment before a command says how the
reader's files are to stand: `<!-- step 7: stub -->`, `solution`, or how the sentence of a
misconception begins. A page with the comment `<!-- server -->` asks the server that it starts.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT
from course.files import NUMBERS
from course.own_steps import USES
from course.waiting import NEW as WAITING_FOR

SOURCE = ROOT / "book" / "src"
PAGES = sorted(path for path in SOURCE.glob("*.md") if path.name != "SUMMARY.md")
ADDRESS = "http://127.0.0.1:8000"  # of the server, as pages have it
CHAPTERS = [SOURCE / f"step_{number:02}.md" for number in NUMBERS]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STATE = re.compile(r"<!-- step (\d+): (.*) -->\n$")
_INCLUDE = re.compile(r"\{\{#include ([^:}]+)(?::(\w+))?\}\}")


@dataclass
class Block:
    """A fenced block of a page, with what the page says that it prints."""

    page: Path
    line: int
    language: str
    text: str
    state: tuple[int, str] | None  # the step and how it is to stand
    prints: str | None = None
    prints_at: slice | None = None  # where in the page that stands

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def is_included(self) -> bool:
        return _INCLUDE.match(self.text) is not None


def read_blocks(page: Path) -> list[Block]:
    """The blocks of a page, each `text` block joined to the one that prints it."""
    source = page.read_text(encoding="utf-8")
    blocks: list[Block] = []
    for match in _FENCE.finditer(source):
        language, text = match.groups()
        line = source.count("\n", 0, match.start()) + 1
        if language == "text":
            assert blocks and blocks[-1].prints is None, f"{page.name}:{line}: who prints this?"
            blocks[-1].prints, blocks[-1].prints_at = text, slice(*match.span(2))
            continue
        state = _STATE.search(source[: match.start()])
        blocks.append(
            Block(page, line, language, text, (int(state[1]), state[2]) if state else None)
        )
    return blocks


def asks_a_server(page: Path) -> bool:
    return "<!-- server -->" in page.read_text(encoding="utf-8")


def read_includes(page: Path) -> list[tuple[str, str | None]]:
    """The paths and anchors that a page includes."""
    return _INCLUDE.findall(page.read_text(encoding="utf-8"))


def same_output(printed: str, promised: str) -> bool:
    """Whether a program printed what the book says.

    Times may differ, what a check says of speed, whose steps an example uses, and what a server
    calls an answer; `…` stands for any lines, and a slow machine is told what it waits for.
    """

    def normal(text: str) -> str:
        lines = [line.rstrip() for line in text.strip("\n").splitlines()]
        lines = [line for line in lines if not line.startswith((WAITING_FOR, USES))]
        text = re.sub(r"^  ok  speed .*", "  ok  speed", "\n".join(lines), flags=re.MULTILINE)
        text = re.sub(r'"id": "cmpl-\w+"|"created": \d+', '"": 0', text)
        return re.sub(r"\d+\.\d s\b", "0.0 s", text) + "\n"

    pattern = "".join(
        "(?:.*\n)*?" if line == "…" else re.escape(line) + "\n"
        for line in normal(promised).splitlines()
    )
    return re.fullmatch(pattern, normal(printed)) is not None
