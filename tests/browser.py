"""A real browser for the tests: Chromium, driven by Playwright."""

import functools
import shutil
from collections.abc import Callable, Iterator

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
# Chromium takes seconds to start.
BROWSER_MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH"),
]


def needs_browser(test: Callable) -> Callable:
    """A test that is slow, and skipped where there is no Chromium."""
    return functools.reduce(lambda marked, mark: mark(marked), BROWSER_MARKS, test)


def start_browser() -> Iterator:
    """Chromium, for as long as somebody waits for the next value."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the group `book`")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()
