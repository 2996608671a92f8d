"""The page of `gpt2 serve` for its tests: the real server, and the page in a browser."""

import json
import urllib.request

import pytest

from serving_process import started

KEY = "a kéy"
PROMPT = "ROMEO:"


@pytest.fixture(scope="module")
def page_address(tmp_path_factory):
    """Where a server that asks for a key is, for as long as these tests run."""
    with started(tmp_path_factory.mktemp("page"), GPT2_API_KEY=KEY) as serving:
        yield serving.address


@pytest.fixture
def open_served(browser, page_address):
    """Opens the page; at the end, nothing may have gone wrong, or come from elsewhere."""
    pages, complaints, requests = [], [], []

    def open_page(*, key=KEY, **options):
        page = browser.new_page(**options)
        page.set_default_timeout(20_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        if key:
            keep = f"sessionStorage.setItem('gpt2-serve-key', {json.dumps(key)})"
            page.add_init_script(keep)
        page.goto(page_address)
        pages.append(page)
        if key:
            page.get_by_role("heading", name="shakespeare").wait_for()
        return page

    open_page.complaints = complaints
    yield open_page
    for page in pages:
        page.close()
    assert not complaints
    assert all(url.startswith(page_address) for url in requests)


def ask(address: str, path: str, fields: dict | None = None) -> bytes:
    headers = {"Authorization": f"Bearer {KEY}".encode(), "Content-Type": "application/json"}
    data = fields and json.dumps(fields).encode()
    with urllib.request.urlopen(urllib.request.Request(address + path, data, headers)) as answer:
        return answer.read()


def answer(address: str, **fields) -> dict:
    """What the API says, as a choice."""
    fields = {"model": "shakespeare", "prompt": PROMPT, "temperature": 1, **fields}
    return json.loads(ask(address, "/v1/completions", fields))["choices"][0]


def write(page, prompt: str = PROMPT, **controls) -> None:
    """Writes a text, and waits for its end."""
    page.get_by_label("The beginning").fill(prompt)
    for name, value in controls.items():
        page.locator(f"[name={name}]").fill(str(value))
    page.get_by_role("button", name="Write").click()
    ended(page)


def ended(page) -> None:
    page.get_by_role("button", name="Stop", disabled=True).wait_for()


def texts(locator) -> list[str]:
    return locator.evaluate_all("(all) => all.map((one) => one.textContent)")


def tokens(page) -> list[str]:
    return texts(page.locator(".token"))


def snippet(page, language: str) -> str:
    page.get_by_role("button", name=f"Copy as {language}").click()
    return page.get_by_label("The request", exact=True).inner_text()


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = [int(colour.strip()[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
