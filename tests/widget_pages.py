"""Pages with a widget each, for the tests that use them in a browser."""

import shutil
from pathlib import Path

import pytest

from conftest import ROOT

WIDGETS = ROOT / "book" / "src" / "widgets"

# As mdBook's print.html: the scripts come once for every chapter that has them, and something
# above the widgets waits for keys that turn the page.
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Widgets</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ --fg: black; --bg: white }} body {{ margin: 15px }}</style>
<link rel="icon" href="data:,"><link rel="stylesheet" href="book.css">
<link rel="stylesheet" href="widgets.css"><link rel="stylesheet" href="{widget}.css">
<script>
  window.keysOfThePage = [];
  addEventListener("keydown", (event) => keysOfThePage.push(event.key));
</script></head><body>
<div style="height: {before}px"></div>
<div class="widget" data-widget="{widget}" data-seed="16161616"><p>The figure.</p></div>
{scripts}{scripts}</body></html>"""
SCRIPTS = {
    "sampling": ("widget.js", "gpt2.js", "sampling.js"),
    "attention": ("widget.js", "attention_data.js", "attention.js"),
    "shapes": ("widget.js", "shapes.js"),
    "pages": ("widget.js", "pages_data.js", "pages.js"),
}


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A folder with one page for each widget, and one whose widget is far down."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(WIDGETS, folder / "widgets")
    for sheet in (ROOT / "book" / "theme").glob("*.css"):
        shutil.copy(sheet, folder)
    for widget, names in SCRIPTS.items():
        scripts = "".join(f'<script defer src="widgets/{name}"></script>' for name in names)
        for page, before in ((widget, 0), (f"{widget}-below", 3000)):
            html = PAGE.format(widget=widget, scripts=scripts, before=before)
            (folder / f"{page}.html").write_text(html, encoding="utf-8")
    return folder


@pytest.fixture
def open_page(browser, site):
    """Opens a page of the site; at the end, nothing may have gone wrong on any of them."""
    pages, complaints, requests = [], [], []

    def open_page(name: str, *, clock: bool = False, **options):
        page = browser.new_page(**options)
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        if clock:
            page.clock.install()
        page.goto((site / f"{name}.html").as_uri())
        pages.append(page)
        if name == "sampling" and options.get("java_script_enabled", True):
            page.get_by_role("status").filter(has_text="can be drawn").wait_for()
        return page

    open_page.requests = requests
    yield open_page
    for page in pages:
        page.close()
    assert not complaints
    assert all(url.startswith((site.as_uri(), "data:")) for url in requests)


def visible(token: str) -> str:
    return token.replace(" ", "␣").replace("\n", "⏎")


def status(page) -> str:
    return page.get_by_role("status").text_content()
