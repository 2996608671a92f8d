"""The widget that shows pages: its recordings, by mouse and by keyboard."""

import functools
import sys
from itertools import compress

import pytest

from browser import BROWSER_MARKS
from conftest import ROOT
from solutions.solution_19 import PageTable, Scheduler, Text
from widget_pages import status, visible

sys.path.append(str(ROOT / "book"))
import make_widget_data as data

from page_scenes import SCENES, SIZE

playwright = pytest.importorskip("playwright.sync_api", reason="uv sync --group book")
pytestmark = BROWSER_MARKS

scenes = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.key)


@functools.cache
def recordings() -> dict:
    return data.pages_data()


def test_the_recordings_are_current():
    written = (data.WIDGETS / "pages_data.js").read_text(encoding="utf-8")
    assert written == data.script("pagesData", recordings())


@scenes
def test_a_recording_says_what_step_19_decides(scene):
    """The same requests again, with nobody who watches: each step has the same result."""
    recording = recordings()[scene.key]
    scheduler = Scheduler(PageTable(scene.pages, SIZE), scene.batch)
    texts = [Text(told["tokens"][: told["prompt"]]) for told in recording["texts"]]
    read = [moment for moment in recording["moments"] if moment["says"].startswith("The model")]
    for number, moment in enumerate(read, start=1):
        assert moment["step"] == number
        comes = [request.comes == number for request in scene.requests]
        scheduler.waiting.extend(compress(texts, comes))
        scheduler.step()
        for text in scheduler.running:
            text.read = len(text.ids)
            told = recording["texts"][texts.index(text)]
            text.ids.append(told["tokens"][len(text.ids)])
        assert moment["holders"] == scheduler.table.holders
        for text, (state, length, seen, pages) in zip(texts, moment["texts"], strict=True):
            assert (length, seen) == (len(text.ids), text.read)
            assert pages == scheduler.table.pages.get(text, [])
            assert (state == "runs") == (text in scheduler.running)
            assert (state == "waits") == (text in scheduler.waiting)
        for text, told in zip(texts, recording["texts"], strict=True):
            if text in scheduler.running and len(text.ids) == len(told["tokens"]):
                scheduler.finish(text)
    assert not scheduler.running and not scheduler.waiting
    assert len(scheduler.table.unused) == scene.pages


def expected(recording: dict, moment: dict) -> dict:
    """What the page is to show."""
    tokens = [list(map(visible, told["tokens"])) for told in recording["texts"]]
    texts = [
        [
            letter,
            f"{read} of {length} read" if state == "runs" else state,
            "".join(map(str, pages)),
            "" if state == "will come" else "".join(words[:length]),
        ]
        for letter, words, (state, length, read, pages) in zip(
            "abcd", tokens, moment["texts"], strict=False
        )
    ]
    memory, strong = [], 0
    for page, count in enumerate(moment["holders"]):
        who = [i for i, (*_, pages) in enumerate(moment["texts"]) if page in pages]
        assert len(who) == count
        cells = [""] * SIZE
        for i in who:  # all who hold a page have the same tokens there
            _, length, read, pages = moment["texts"][i]
            first = pages.index(page) * SIZE
            there = tokens[i][:length][first : first + SIZE]
            cells[: len(there)] = there
        if who:
            strong += min(max(read - first, 0), SIZE)
        holders = ", ".join("abcd"[i] for i in who) or "unused"
        memory.append([f"page {page}", f"{holders}{count}", *cells])
    step = f"Step {moment['step']}"
    return {
        "says": moment["says"],
        "step": step,
        "texts": texts,
        "memory": memory,
        "strong": strong,
    }


def shown(page) -> dict:
    return page.evaluate(
        """() => {
          const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
          const text = (element) => element.textContent;
          return {
            says: text(all("[role=status]")[0]),
            step: text(all(".pages-title > b")[0]),
            texts: all(".pages-texts > li").map((item) => [
              ...all(":scope > b, :scope > span:not(.pages-list)", item).map(text),
              all(".pages-chip", item).map(text).join(""),
              text(all("code", item)[0]),
            ]),
            memory: all(".pages-memory > li").map((item) => Array.from(item.children, text)),
            strong: all(".pages-memory code").filter((e) => e.style.background.match("45%")).length,
          };
        }"""
    )


@scenes
def test_pages_by_mouse(open_page, scene):
    page = open_page("pages")
    page.get_by_label("Scene").select_option(scene.title)
    recording = recordings()[scene.key]
    states = [expected(recording, moment) for moment in recording["moments"]]
    assert shown(page) == states[0]
    for state in states[1:]:
        page.get_by_role("button", name="Step").click()
        assert shown(page) == state
    page.get_by_role("button", name="Step").click(force=True)  # there is no later one
    assert shown(page) == states[-1]
    page.get_by_role("button", name="Back").click()
    assert shown(page) == states[-2]
    page.get_by_label("Moment").fill("3")
    assert shown(page) == states[3]
    page.get_by_role("button", name="Reset").click()
    assert shown(page) == states[0]


@pytest.mark.parametrize("width", [360, 1280])
@scenes
def test_pages_by_keyboard_and_nothing_moves(open_page, scene, width):
    page = open_page("pages", viewport={"width": width, "height": 800})
    page.get_by_label("Scene").select_option(scene.title)
    recording = recordings()[scene.key]
    states = [expected(recording, moment) for moment in recording["moments"]]
    page.get_by_label("Moment").focus()
    page.keyboard.press("Tab")
    where = "JSON.stringify(document.querySelector('.pages-memory').getBoundingClientRect())"
    before = page.evaluate(where)
    for state in states[1:]:
        page.keyboard.press("ArrowRight")
        assert shown(page) == state
        assert page.evaluate(where) == before
    for key, place in (("ArrowLeft", -2), ("Home", 0), ("ArrowLeft", 0), ("End", -1)):
        page.keyboard.press(key)
        assert shown(page) == states[place]
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # Back
    assert shown(page) == states[-2]
    assert page.evaluate("keysOfThePage") == []


def test_pages_play(open_page):
    page = open_page("pages", clock=True)
    moments = recordings()[SCENES[0].key]["moments"]
    page.locator(".pages-memory").click()
    page.keyboard.press("Space")
    assert status(page) == moments[1]["says"]
    page.clock.run_for(5000)
    assert status(page) == moments[3]["says"]
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    assert status(page) == moments[3]["says"]
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(100_000)
    assert status(page) == moments[-1]["says"]
    page.get_by_role("button", name="Play").click()  # once more, from the beginning
    assert status(page) == moments[0]["says"]
