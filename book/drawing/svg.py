"""From a Matplotlib figure to the SVG that a page includes."""

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from matplotlib.backends.backend_svg import FigureCanvasSVG

from drawing.style import BLUE, FAINT, GREEN, INK, MONO, MUTED, ORANGE, PAPER, RED, Drawing

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"

# theme/book.css defines these for every theme of the page; mdBook defines the last one.
VARIABLES = {
    INK: "var(--ink, #222)",
    MUTED: "var(--muted, #5f5f5f)",
    FAINT: "var(--faint, #d4d4d4)",
    BLUE: "var(--blue, #1f5fa8)",
    ORANGE: "var(--orange, #a84a00)",
    GREEN: "var(--green, #1c7040)",
    RED: "var(--red, #b02a37)",
    PAPER: "var(--bg, #fff)",
}
# What an attribute means where it is missing.
DEFAULTS = {
    "font-family": "inherit",
    "opacity": "1",
    "stroke": "none",
    "stroke-linecap": "butt",
    "stroke-linejoin": "miter",
}
MONO_FONT = "var(--mono-font, monospace)"  # mdBook's; all other text has the font of the page
PLACES = ("d", "x", "y", "transform")
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def to_svg(drawing: Drawing) -> str:
    """The figure as one SVG element, in the page's colours and letters.

    It has no ids, so that any number of figures can share a page.
    """
    root = ElementTree.fromstring(_draw(drawing))
    width, height = (float(root.get(side).removesuffix("pt")) for side in ("width", "height"))
    element = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "role": "img",
            "aria-label": drawing.alt,
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "style": "max-width:100%;height:auto",
        },
    )
    element.extend(_clean(root))
    ElementTree.indent(element, space=" ")
    return ElementTree.tostring(element, encoding="unicode") + "\n"


def _draw(drawing: Drawing) -> str:
    """Matplotlib's own SVG, its text as text."""
    buffer = io.StringIO()
    drawing.figure.patch.set_visible(False)
    FigureCanvasSVG(drawing.figure).print_svg(buffer)
    return buffer.getvalue()


def _clean(root: Element) -> Iterator[Element]:
    """What is seen of Matplotlib's elements, without groups, clips and ids.

    Matplotlib draws a marker once, in <defs>, and then refers to it; here each is a path.
    """
    markers = {}  # the id of a marker -> its outline
    for element in root.iter():
        tag = element.tag.removeprefix(SVG)
        if tag == "path" and element.get("id"):
            markers[element.get("id")] = element.get("d")
        elif tag in ("path", "text", "use"):
            attributes = {key: _shorten(element.get(key)) for key in PLACES if element.get(key)}
            if tag == "use":
                tag = "path"
                x, y = attributes.pop("x"), attributes.pop("y")
                outline = _shorten(markers[element.get(LINK).removeprefix("#")])
                attributes |= {"d": outline, "transform": f"translate({x} {y})"}
            if "rotate(-0 " in attributes.get("transform", ""):
                del attributes["transform"]
            cleaned = Element(tag, attributes | _style(element.get("style", "")))
            cleaned.text = element.text
            yield cleaned


def _style(style: str) -> dict[str, str]:
    """`fill: #1f5fa8; opacity: 1` -> {"fill": "var(--blue, #1f5fa8)"}"""
    pairs = (pair.split(":", 1) for pair in style.split(";") if pair.strip())
    attributes = {key.strip(): _shorten(value.strip()) for key, value in pairs}
    for key in ("fill", "stroke"):
        attributes[key] = VARIABLES.get(attributes.get(key), attributes.get(key, "none"))
    if "font-family" in attributes:
        attributes["font-family"] = MONO_FONT if MONO in attributes["font-family"] else "inherit"
    return {key: value for key, value in attributes.items() if DEFAULTS.get(key) != value}


def _shorten(text: str) -> str:
    """Numbers to two places, which is less than anyone sees; white space as one space."""
    text = NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), text)
    return " ".join(text.split())
