"""The book's figures: current, readable in every theme, and open to those who do not see them."""

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from conftest import ROOT, run_python

BOOK = ROOT / "book"
FIGURES = sorted((BOOK / "src" / "figures").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
TOLERANCE = 0.05  # pixels: other machines add in another order
VARIABLE = re.compile(r"var\(--([\w-]+), #[0-9a-f]{3,6}\)")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all figures, drawn anew."""
    pytest.importorskip("matplotlib", reason="figures are drawn with `uv run --group book`")
    folder = tmp_path_factory.mktemp("figures")
    run = run_python(str(BOOK / "make_figures.py"), "--to", str(folder))
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(params=FIGURES, ids=lambda path: path.stem)
def figure(request: pytest.FixtureRequest) -> str:
    """Each of the committed figures in turn."""
    return request.param.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_committed_figures_are_current(fresh):
    assert [path.name for path in FIGURES] == sorted(path.name for path in fresh.iterdir())
    for path in FIGURES:
        ours = list(ElementTree.parse(path).iter())
        theirs = list(ElementTree.parse(fresh / path.name).iter())
        assert len(ours) == len(theirs), path.name
        for one, other in zip(ours, theirs, strict=True):
            assert_equal(path.name, one, other)


def assert_equal(name: str, one: Element, other: Element) -> None:
    """Words agree exactly, places and opacities nearly."""
    assert (one.tag, one.text, one.keys()) == (other.tag, other.text, other.keys()), name
    assert one.get("aria-label") == other.get("aria-label"), name
    for key in set(one.keys()) - {"aria-label"}:
        assert NUMBER.sub("#", one.get(key)) == NUMBER.sub("#", other.get(key)), (name, key)
        numbers, others = ([float(n) for n in NUMBER.findall(e.get(key))] for e in (one, other))
        assert numbers == pytest.approx(others, abs=TOLERANCE), (name, key)


def test_a_page_can_include_it(figure):
    assert figure.startswith("<svg ")
    assert figure.endswith("</svg>\n")
    assert all(line.strip() for line in figure.splitlines()), "a blank line ends HTML in Markdown"
    root = ElementTree.fromstring(figure)
    assert root.get("style") == "max-width:100%;height:auto"
    assert root.get("viewBox").startswith("0 0 ")


def test_it_says_what_is_seen(figure):
    root = ElementTree.fromstring(figure)
    assert root.get("role") == "img"
    assert len(root.get("aria-label")) > 80


def test_its_text_is_text(figure):
    elements = list(ElementTree.fromstring(figure).iter())
    assert {element.tag for element in elements} <= {SVG + "svg", SVG + "path", SVG + "text"}
    texts = [element for element in elements if element.tag == SVG + "text"]
    assert texts
    assert all(element.text.strip() for element in texts)
    sizes = [float(element.get("font-size").removesuffix("px")) for element in texts]
    assert min(sizes) >= 13


def test_its_colours_are_those_of_the_page(figure):
    css = (BOOK / "theme" / "book.css").read_text(encoding="utf-8")
    known = {*re.findall(r"--([\w-]+):", css), "bg"}  # mdBook defines bg
    for element in ElementTree.fromstring(figure).iter():
        if element.tag == SVG + "text":
            assert element.get("fill"), "text without a colour is black in a dark theme, too"
        for key in ("fill", "stroke"):
            color = element.get(key, "none")
            name = VARIABLE.fullmatch(color)
            assert color == "none" or (name and name[1] in known), color


def test_it_reaches_for_nothing_outside(figure):
    content = figure.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"<script|<style|href|url\(|https?:|\bon\w+=|\bid=", content)
