"""What the book says is so: its code runs and prints what it shows, its quotations are exact."""

import re
import sys

import pytest

from book import (
    CHAPTERS,
    PAGES,
    SOURCE,
    asks_a_server,
    read_blocks,
    read_includes,
    same_output,
)
from book_runs import run_commands, run_mojo, run_python
from conftest import ROOT
from course.files import NUMBERS, solution_path, step_path
from course.lessons import lesson

SECTIONS = [
    "The idea",
    "The operations",
    "The code to complete",
    "Run it",
    "Tips",
    "The solution",
    "What can go wrong",
    "Questions",
    "In today's models",
]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
chapters = pytest.mark.parametrize("number", NUMBERS)


@pytest.fixture
def asked(page, request):
    """The server that a page asks, or None."""
    if not asks_a_server(page):
        return None
    pytest.importorskip("fastapi", reason="the page asks a server: needs the extra `serve`")
    return request.getfixturevalue("server")


@pages
def test_every_block_is_of_a_kind_that_is_checked(page):
    for block in read_blocks(page):
        assert block.language in ("python", "mojo", "sh"), block.place
        assert block.prints is None or not block.is_included, block.place


@pytest.mark.slow
@pages
def test_python_prints_what_the_book_shows(page, asked, monkeypatch):
    monkeypatch.chdir(ROOT)
    for block, printed in run_python(page, asked):
        assert same_output(printed, block.prints or ""), f"{block.place} prints\n{printed}"


@pytest.mark.slow
@pages
def test_mojo_prints_what_the_book_shows(page, tmp_path):
    for block, printed in run_mojo(page, tmp_path):
        assert same_output(printed, block.prints or ""), f"{block.place} prints\n{printed}"


@pytest.mark.slow
@pages
def test_commands_print_what_the_book_shows(page, asked, tmp_path):
    for block, printed in run_commands(page, tmp_path, asked):
        shown = block.prints is None or same_output(printed, block.prints)
        assert shown, f"{block.place} prints\n{printed}"


@chapters
def test_a_chapter_has_the_shape_of_all(number):
    text = CHAPTERS[number - 1].read_text(encoding="utf-8")
    assert re.findall("^## (.*)", text, re.MULTILINE) == SECTIONS
    assert text.startswith(f"# {number}. {lesson(number).title}\n")
    included = [path for path, anchor in read_includes(CHAPTERS[number - 1]) if anchor == "code"]
    assert included == [
        f"../../steps/{step_path(number).name}",
        f"../../solutions/{solution_path(number).name}",
    ]


@chapters
def test_who_reads_plain_markdown_finds_the_file_that_is_included(number):
    text = CHAPTERS[number - 1].read_text(encoding="utf-8")
    for path, anchor in read_includes(CHAPTERS[number - 1]):
        if anchor == "code":
            before = text.partition(f"{{{{#include {path}:code}}}}")[0]
            name = path.removeprefix("../../")
            assert f"[`{name}`]({path})" in before.split("\n\n")[-2]


@chapters
def test_a_quoted_mistake_is_what_the_check_says(number):
    text = CHAPTERS[number - 1].read_text(encoding="utf-8")
    said = {mistake.sentence for mistake in lesson(number).misconceptions}
    section = text.partition("## What can go wrong")[2].partition("\n## ")[0]
    quoted = [" ".join(q.split("\n> ")) for q in re.findall(r"^> (.*(?:\n> .*)*)", section, re.M)]
    assert len(quoted) >= 3
    assert set(quoted) <= said, set(quoted) - said


def test_the_glossary_is_in_order_and_has_each_term_once():
    text = (SOURCE / "glossary.md").read_text(encoding="utf-8")
    terms = [re.sub(r"\W", "", term.lower()) for term in re.findall(r"^\*\*(.+?)\*\*", text, re.M)]
    assert terms == sorted(set(terms))


def test_the_formulas_are_current():
    pytest.importorskip("latex2mathml", reason="needs the group `book`")
    sys.path.insert(0, str(ROOT / "book"))
    import make_formulas

    written = {
        path.stem: path.read_text(encoding="utf-8") for path in make_formulas.FOLDER.glob("*.html")
    }
    assert written == {name: make_formulas.mathml(name) for name in make_formulas.FORMULAS}
    used = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert all(f"formulas/{name}.html" in used for name in written)


@pytest.mark.slow
def test_the_tables_of_fields_are_current_and_have_all_of_openais():
    pytest.importorskip("fastapi", reason="needs the extra `serve`")
    sys.path.insert(0, str(ROOT / "book"))
    import make_fields

    shown = (SOURCE / "serving.md").read_text(encoding="utf-8")
    for name, (ours, openais) in make_fields.TABLES.items():
        written = (make_fields.FOLDER / f"{name}.md").read_text(encoding="utf-8")
        assert written == make_fields.table(ours, openais), "run book/make_fields.py"
        assert make_fields.fields(openais) <= {*re.findall(r"^\| `(\w+)`", written, re.MULTILINE)}
        assert f"{{{{#include fields/{name}.md}}}}" in shown
