"""The widget that shows shapes: its counts, by mouse and by keyboard."""

import json
import re
import sys

import pytest

from browser import BROWSER_MARKS
from conftest import ROOT
from gpt2.checkpoint.shapes import parameter_shapes
from solutions.solution_01 import GPT2Config
from widget_pages import status

sys.path.append(str(ROOT / "book"))
import make_widget_data as data

playwright = pytest.importorskip("playwright.sync_api", reason="uv sync --group book")
pytestmark = BROWSER_MARKS


SIZES = {
    "gpt2 (124M)": (GPT2Config(), 124_439_808),
    "gpt2-medium (355M)": (GPT2Config(n_embd=1024, n_layer=24, n_head=16), 354_823_168),
    "gpt2-large (774M)": (GPT2Config(n_embd=1280, n_layer=36, n_head=20), 774_030_080),
    "gpt2-xl (1.5B)": (GPT2Config(n_embd=1600, n_layer=48, n_head=25), 1_557_611_200),
    "shakespeare": (data.read_config(data.CHECKPOINT), 4_276_992),
}


def set_number(page: playwright.Page, name: str, value: int) -> None:
    page.get_by_label(name).fill(str(value))
    page.get_by_label(name).press("Enter")


def whole(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("size", SIZES)
def test_shapes_counts_what_the_model_has(open_page, size):
    config, total = SIZES[size]
    page = open_page("shapes")
    page.get_by_label("Size").select_option(size)
    set_number(page, "Batch", 3)
    set_number(page, "Length", 20)
    assert status(page) == f"{total:,} parameters."

    parameters = multiply_adds = 0
    shown = {}
    details = page.locator(".shapes-details")
    for box in page.locator(".shapes-flow button").all():
        box.click()
        counts = details.locator("dd > strong").all_inner_texts()
        parameters += whole(counts[0])
        multiply_adds += whole(counts[1])
        for name, shape in re.findall(
            r"(\S+\.(?:weight|bias))\n\[.*\] = (\[.*\])", details.inner_text()
        ):
            shown[name] = tuple(json.loads(shape))
    assert parameters == total
    assert multiply_adds == (
        3 * 20 * 12 * config.n_embd**2 * config.n_layer  # the four linear layers
        + 2 * 3 * 20**2 * config.n_embd * config.n_layer  # scores and mix
        + 3 * 20 * config.n_embd * config.vocab_size  # the head
    )
    assert shown == {
        re.sub(r"^h\.\d+", "h.*", name.removeprefix("transformer.")): shape
        for name, shape in parameter_shapes(config)
    }


def test_shapes_by_keyboard(open_page):
    page = open_page("shapes")
    details = page.locator(".shapes-details")
    page.get_by_label("Length").focus()
    for _ in range(7):
        page.keyboard.press("Tab")  # ids, wte, wpe, wte + wpe, ln_1, c_attn, scores
    page.keyboard.press("Enter")
    assert "[batch, n_head, seq, seq] = [1, 12, 16, 16]" in details.inner_text()
    pressed = page.locator("[aria-pressed=true]")
    assert pressed.count() == 1
    assert pressed.inner_text().startswith("scores")
    assert page.evaluate("keysOfThePage") == []


def test_shapes_crops_and_says_so(open_page):
    page = open_page("shapes")
    set_number(page, "Length", 1000)
    assert status(page) == "124,439,808 parameters."
    page.get_by_label("Size").select_option("shakespeare")
    assert page.get_by_label("Length").input_value() == "256"
    assert "n_positions is 256" in status(page)
    set_number(page, "Batch", 0)
    assert page.get_by_label("Batch").input_value() == "1"
