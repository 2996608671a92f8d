"""The page of `gpt2 serve`, in a real browser and with the real server."""

import json
import math
import re

import pytest

from browser import BROWSER_MARKS
from serving_page import KEY, answer, ask, ended, luminance, snippet, texts, tokens, write
from widget_pages import visible

playwright = pytest.importorskip("playwright.sync_api", reason="uv sync --group book")
pytest.importorskip("fastapi", reason="uv sync --extra serve")
pytestmark = BROWSER_MARKS


def test_a_text_streams_in_and_is_the_apis(open_served, page_address):
    page = open_served()
    page.evaluate(
        """() => {
          [window.lengths, window.removed] = [new Set(), 0];
          const sheet = document.getElementById("sheet");
          new MutationObserver((changes) => {
            lengths.add(sheet.querySelectorAll(".token").length);
            removed += changes.flatMap((change) => [...change.removedNodes]).length;
          }).observe(sheet, { childList: true, subtree: true });
        }"""
    )
    write(page, max_tokens=200, seed=7)
    told = answer(page_address, max_tokens=200, seed=7, logprobs=5)
    assert "".join(tokens(page)) == told["text"]
    assert len(tokens(page)) == 200
    assert page.evaluate("lengths.size") > 2  # they came by and by
    assert page.evaluate("removed") == 1  # the sentence that was there before
    shades = page.locator(".token").evaluate_all("(all) => all.map((one) => one.dataset.shade)")
    for shade, logprob in zip(shades, told["logprobs"]["token_logprobs"], strict=True):
        assert int(shade) == sum(math.exp(logprob) < least for least in (0.5, 0.2, 0.05, 0.01))
    assert len(set(shades)) > 2


def test_a_token_shows_what_might_have_stood_there(open_served, page_address):
    page = open_served()
    write(page, max_tokens=30, seed=7)
    told = answer(page_address, max_tokens=30, seed=7, logprobs=5)["logprobs"]
    for place in (0, 1, 9, 29):
        page.locator(".token").nth(place).hover()
        page.locator(f".token.open[data-place='{place}']").wait_for()
        top = told["top_logprobs"][place]
        assert texts(page.locator("#card li code")) == [visible(token) for token in top]
        numbers = [
            100 * math.exp(logprob) for logprob in (told["token_logprobs"][place], *top.values())
        ]
        shown = re.findall(r"(< 0\.1|[\d.]+) %", page.locator("#card").inner_text())
        for number, text in zip(numbers, shown, strict=False):  # the last is of all others
            assert text == (f"{number:.1f}" if number >= 0.05 else "< 0.1")
        assert page.locator("#card .written code").inner_text() == visible(told["tokens"][place])
        assert page.locator("#card li button").count() == len(top) - 1
        page.locator("h1").hover()
        page.locator("#card").wait_for(state="hidden")


def test_another_token_makes_a_branch(open_served, page_address):
    page = open_served()
    write(page, max_tokens=40, seed=7)
    first = tokens(page)
    page.locator(".token").nth(9).click()
    name = page.locator("#card li button code").nth(1).inner_text()
    page.locator("#card li button").nth(1).click()
    page.get_by_role("button", name=f"{name} instead of {visible(first[9])}").wait_for()
    ended(page)
    branch = tokens(page)
    assert branch[:9] == first[:9]
    assert visible(branch[9]) == name != visible(first[9])
    assert len(branch) == 10 + 40
    ids = answer(page_address, max_tokens=40, seed=7, return_token_ids=True)
    asked = json.loads(re.search(r"-d '(.*)'", snippet(page, "curl"))[1])
    assert asked["prompt"][:-1] == ids["prompt_token_ids"] + ids["token_ids"][:9]
    assert (
        "".join(branch[10:])
        == json.loads(
            ask(page_address, "/v1/completions", {**asked, "stream": False, "stream_options": None})
        )["choices"][0]["text"]
    )
    page.get_by_role("button", name=re.compile("1 ROMEO:")).click()
    assert tokens(page) == first
    page.get_by_role("button", name="Go on").click()
    ended(page)
    assert tokens(page)[:40] == first
    assert len(tokens(page)) == 80


def test_the_python_that_is_copied_asks_the_same(open_served):
    page = open_served()
    write(page, prompt='It\'s "so":\n\\ \u00e9', max_tokens=2, seed=7, stop="\\n\\n\nEND")
    asked = json.loads(
        re.search(r"-d '(.*)'", snippet(page, "curl"), re.DOTALL)[1].replace("'\\''", "'")
    )
    call = re.search(r"create\((.*?)\n\)", snippet(page, "Python"), re.DOTALL)[1]
    fields = eval(f"dict({call})")
    extra = fields.pop("extra_body")
    assert fields | extra == asked
    assert asked["prompt"] == 'It\'s "so":\n\\ \u00e9'
    assert asked["stop"] == ["\n\n", "END"]
    assert set(extra) == {"top_k", "min_p", "return_token_ids"}
    assert "kéy" not in snippet(page, "curl") + snippet(page, "Python")


def test_stop_ends_the_text_here_and_there(open_served, page_address):
    page = open_served()
    page.get_by_label("Length").fill("250")
    page.evaluate(  # pressed within the page: a text is written faster than a test can click
        """() => new MutationObserver((_, observer) => {
          if (document.querySelectorAll(".token").length < 5) return;
          observer.disconnect();
          document.getElementById("halt").click();
        }).observe(document.getElementById("sheet"), { childList: true, subtree: true })"""
    )
    page.get_by_role("button", name="Write").click()
    page.get_by_text("You stopped it.").wait_for()
    ended(page)
    count = len(tokens(page))
    assert 5 <= count < 250
    assert "You stopped it." in page.locator("#colophon").inner_text()
    page.wait_for_timeout(300)
    assert len(tokens(page)) == count
    assert b"\ngpt2_texts 0.0\n" in ask(page_address, "/metrics")


def test_an_error_is_a_sentence(open_served, page_address):
    page = open_served()
    write(page, prompt="word " * 300)
    alert = page.get_by_role("alert")
    assert re.fullmatch(r"The prompt has \d+ tokens, and this model sees 256\.", alert.inner_text())
    page.route("**/v1/completions", lambda route: route.abort("connectionrefused"))
    write(page)
    assert (
        alert.inner_text() == f"No server answers at {page_address[7:]}: start it with gpt2 serve."
    )
    page.unroute("**/v1/completions")
    write(page)
    assert alert.count() == 0
    assert all("Failed to load" in text for text in open_served.complaints)
    open_served.complaints.clear()  # Chromium's own words for the two errors


def test_a_key_is_asked_for(open_served):
    page = open_served(key=None)
    page.get_by_label("The key").fill("wrong")
    page.get_by_role("button", name="Use it").click()
    page.get_by_role("alert").filter(has_text="The key is missing or wrong").wait_for()
    page.get_by_label("The key").fill(KEY)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="shakespeare").wait_for()
    write(page, max_tokens=5)
    assert len(tokens(page)) == 5
    assert all("401" in text for text in open_served.complaints)
    open_served.complaints.clear()


def test_the_keyboard_alone_is_enough(open_served):
    page = open_served()
    page.get_by_label("The beginning").focus()
    page.keyboard.press("Control+Enter")
    page.locator(".token").nth(119).wait_for()
    ended(page)
    first = tokens(page)
    page.keyboard.press("Tab")  # Write
    focused = page.locator(":focus")
    assert focused.inner_text() == "Write"
    page.keyboard.press("Tab")  # to the one token that Tab finds
    for key, place in (("End", 119), ("ArrowRight", 119), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        assert focused.get_attribute("data-place") == str(place)
        assert page.locator(f".token.open[data-place='{place}']").count() == 1
    page.keyboard.press("ArrowDown")
    below = int(focused.get_attribute("data-place"))
    assert below > 1
    page.keyboard.press("ArrowUp")
    assert int(focused.get_attribute("data-place")) < below
    page.keyboard.press("Escape")
    assert not page.locator("#card").is_visible()
    place = int(focused.get_attribute("data-place"))
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    name = focused.locator("code").inner_text()
    page.keyboard.press("Escape")
    assert focused.get_attribute("data-place") == str(place)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".token.chosen").wait_for()
    ended(page)
    assert visible(tokens(page)[place]) == name
    assert tokens(page)[:place] == first[:place]
    assert focused.get_attribute("data-place") == str(place)  # and so one can go on


def test_tokens_are_shown_as_text(open_served):
    page = open_served()
    spelled = ["<b>not bold</b>", "bytes:\\xe2\\x80", "bytes:\\x94", "\n", " ", "7", "&amp;", "END"]
    whole = "<b>not bold</b>\u2014\n 7&amp;END"
    others = {"7": -2.0, "<i>": -1.0, "\u200b": -3.0}
    choice = {
        "text": whole.removesuffix("END"),
        "token_ids": list(range(8)),
        "prompt_token_ids": [9],
        "finish_reason": "stop",
        "logprobs": {
            "tokens": spelled,
            "token_logprobs": [-1.0] * 8,
            "top_logprobs": [others] * 8,
            "top_token_ids": [[50, 51, 52]] * 8,
        },
    }
    body = f"data: {json.dumps({'choices': [choice]})}\n\ndata: [DONE]\n\n"
    page.route("**/v1/completions", lambda route: route.fulfill(body=body))
    write(page)
    assert "".join(tokens(page)) == whole
    assert texts(page.locator(".token.cut")) == ["END"]
    assert page.locator(".token[aria-label='part of a character']").count() == 2
    for place in range(8):  # each can be pointed at
        box = page.locator(".token").nth(place).bounding_box()
        assert box["width"] > 4 and box["height"] > 10
    page.locator(".token").nth(3).click()
    assert texts(page.locator("#card li code")) == ["<i>", "7", "\\u200b"]
    with page.expect_request("**/v1/completions") as asked:
        page.locator("#card li button").nth(1).click()
    assert asked.value.post_data_json["prompt"] == [9, 0, 1, 2, 51]


def test_it_fits_and_is_labelled(open_served):
    page = open_served(viewport={"width": 360, "height": 740}, has_touch=True)
    write(page, prompt="W" * 60, max_tokens=60)
    page.locator(".token").last.tap()
    page.locator("#card").wait_for()
    snippet(page, "curl")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for role in ("button", "textbox", "slider", "spinbutton"):
        for control in page.get_by_role(role).all():
            named = page.get_by_role(role, name=re.compile(r"\S"))
            assert control.and_(named).count() == 1, control.evaluate("(one) => one.outerHTML")
    page.get_by_label("Temperature").fill("0.35")
    page.get_by_label("Stop before").fill("END")
    page.reload()
    assert page.get_by_label("Temperature").input_value() == "0.35"
    assert page.locator("output[for=temperature]").inner_text() == "0.35"
    assert page.get_by_label("Stop before").input_value() == "END"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(open_served, scheme):
    page = open_served(color_scheme=scheme)
    grounds = ("desk", "paper", "ground-1", "ground-2", "ground-3", "ground-4")
    names = [*grounds, "ink", "soft", "accent", "on-accent"]
    style = page.evaluate_handle("getComputedStyle(document.body)")
    read = "(style, name) => style.getPropertyValue(`--${name}`)"
    light = {name: luminance(style.evaluate(read, name)) for name in names}
    pairs = [(ink, ground) for ink in ("ink", "soft") for ground in grounds]
    for pair in [*pairs, ("on-accent", "accent")]:
        low, high = sorted(light[name] for name in pair)
        assert (high + 0.05) / (low + 0.05) >= 4.5, pair
