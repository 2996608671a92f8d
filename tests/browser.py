"""A real browser for the tests: Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")


def start_browser() -> Iterator:
    """Chromium, for as long as somebody waits for the next value."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the group `book`")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()
