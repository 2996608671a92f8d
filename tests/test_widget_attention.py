"""The widget that shows attention: its data, by mouse and by keyboard."""

import functools
import json
import re
import sys

import numpy as np
import pytest

import numpy_gpt2
from browser import BROWSER_MARKS
from conftest import ROOT
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from widget_pages import status, visible

sys.path.append(str(ROOT / "book"))
import make_widget_data as data

playwright = pytest.importorskip("playwright.sync_api", reason="uv sync --group book")
pytestmark = BROWSER_MARKS


def test_the_attention_weights_are_the_models():
    written = (data.WIDGETS / "attention_data.js").read_text(encoding="utf-8")
    tokens, triangles = re.findall(r"^  \w+: (.*),$", written, flags=re.MULTILINE)
    fresh_tokens, fresh = attention()
    assert json.loads(tokens) == fresh_tokens
    assert fresh.shape == (5, 4, 17, 17)
    for layer, heads in enumerate(json.loads(triangles)):
        for head, rows in enumerate(heads):
            for query, row in enumerate(rows):
                assert row == pytest.approx(fresh[layer, head, query, : query + 1], abs=0.0011)


def test_the_attention_weights_are_those_of_numpy():
    config = data.read_config(data.CHECKPOINT)
    weights = read_weights(data.CHECKPOINT, config)
    weights = numpy_gpt2.under(weights, "transformer")
    ids = Tokenizer(data.CHECKPOINT).encode(data.SENTENCE)
    _, found = attention()
    x = weights["wte.weight"][ids] + weights["wpe.weight"][: len(ids)]
    for layer in range(5):
        block = numpy_gpt2.under(weights, f"h.{layer}")
        normed = numpy_gpt2.layer_norm(x, numpy_gpt2.under(block, "ln_1"), 1e-5)
        qkv = numpy_gpt2.linear(normed, numpy_gpt2.under(block, "attn.c_attn"))
        query, key, _ = qkv.reshape(len(ids), 3, 4, 64).transpose(1, 2, 0, 3)  # [head, seq, 64]
        scores = query @ key.transpose(0, 2, 1) / 8 + numpy_gpt2.causal_mask(len(ids))
        np.testing.assert_allclose(found[layer], numpy_gpt2.softmax(scores), atol=1e-5)
        x = numpy_gpt2.block(x[None], block, 4, 1e-5)[0]


@functools.cache
def attention() -> tuple[list[str], np.ndarray]:
    return data.attention_weights(data.SENTENCE)


def attention_sentence(layer: int, head: int, query: int) -> str:
    tokens, weights = attention()
    names = [f"\u2018{visible(token)}\u2019" for token in tokens]
    row = np.round(weights[layer, head, query].astype(float), 3)
    seen = [
        f"{'itself' if key == query else names[key]} {int(100 * row[key] + 0.5)} %"
        for key in np.argsort(-row, kind="stable")
        if row[key] > 0.05
    ]
    return f"{names[query]} looks at {', '.join(seen)}."


def test_attention_by_mouse(open_page):
    page = open_page("attention")
    tokens = page.locator(".attention-tokens button")
    tokens.nth(5).hover()
    assert status(page) == attention_sentence(3, 3, 5)
    assert tokens.nth(4).locator("small").inner_text() == "0.96"
    assert tokens.nth(5).get_attribute("aria-pressed") == "true"
    backgrounds = [
        token.evaluate("(token) => getComputedStyle(token).backgroundColor")
        for token in (tokens.nth(4), tokens.nth(0), tokens.nth(9))
    ]
    opacities = [float(re.findall(r"[\d.]+", colour)[-1]) for colour in backgrounds]
    assert opacities == pytest.approx([0.6 * 0.96, 0, 0], abs=0.01)
    page.get_by_label("Layer").select_option("h.4")
    page.get_by_label("Head").select_option("1")
    assert status(page) == attention_sentence(4, 1, 5)
    page.locator(".attention-map rect").nth(9 * 10 // 2).hover()  # the first cell of row 9
    assert status(page) == attention_sentence(4, 1, 9)
    mark = page.locator(".attention-map .mark")
    assert (mark.get_attribute("y"), mark.get_attribute("width")) == ("9", "10")


def test_attention_by_keyboard(open_page):
    page = open_page("attention")
    page.get_by_label("Head").focus()
    page.keyboard.press("Tab")  # to the chosen token, the only one that Tab finds
    for key, query in (("ArrowRight", 9), ("ArrowLeft", 8), ("Home", 0), ("ArrowLeft", 0)):
        page.keyboard.press(key)
        assert status(page) == attention_sentence(3, 3, query)
    for key, query in (("End", 16), ("ArrowRight", 16), ("ArrowLeft", 15)):
        page.keyboard.press(key)
        assert status(page) == attention_sentence(3, 3, query)
    assert page.locator(":focus").inner_text().startswith("o")
    assert page.evaluate("keysOfThePage") == []
