"""What holds for all of the book's widgets, in a real browser."""

import pytest

from browser import BROWSER_MARKS
from widget_pages import SCRIPTS

pytest.importorskip("playwright.sync_api", reason="uv sync --group book")
pytestmark = BROWSER_MARKS


@pytest.mark.parametrize("widget", SCRIPTS)
def test_the_figure_stays_without_javascript(open_page, widget):
    page = open_page(widget, java_script_enabled=False)
    assert page.locator("[data-widget]").inner_text() == "The figure."


@pytest.mark.parametrize("widget", SCRIPTS)
@pytest.mark.parametrize("width", [375, 1280])
def test_a_widget_starts_once_and_fits(open_page, widget, width):
    page = open_page(widget, viewport={"width": width, "height": 800})
    content = page.locator("[data-widget] > *").first.element_handle()
    page.add_script_tag(url=f"widgets/{widget}.js")
    assert content.evaluate("(element) => element.isConnected")
    assert page.get_by_role("status").count() == 1
    assert "The figure." not in page.content()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    unnamed = "[...document.querySelectorAll('input, select')].filter((e) => !e.labels.length)"
    assert page.evaluate(f"{unnamed}.length") == 0
