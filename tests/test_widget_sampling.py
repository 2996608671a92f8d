"""The widget that draws tokens: the model in JavaScript, the bars, the draws."""

import shutil
import sys

import numpy as np
import pytest
from max.driver import CPU
from max.dtype import DType
from max.experimental.tensor import Tensor
from scipy.stats import chisquare

import numpy_gpt2
from browser import BROWSER_MARKS
from conftest import ROOT, load_eager
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from widget_pages import status, visible

sys.path.append(str(ROOT / "book"))
import make_widget_data as data

playwright = pytest.importorskip("playwright.sync_api", reason="uv sync --group book")
pytestmark = BROWSER_MARKS


def set_slider(page: playwright.Page, name: str, value: float) -> None:
    page.locator(f"input[name={name}]").fill(str(value))


@pytest.fixture(scope="module")
def rounded_weights() -> numpy_gpt2.Weights:
    """What is left of shakespeare's weights after the rounding to int8."""
    config = data.read_config(data.CHECKPOINT)
    weights = read_weights(data.CHECKPOINT, config)
    for name, array in weights.items():
        if array.ndim == 2:
            integers, scales = data.quantize(array)
            weights[name] = integers * scales[:, None]
    return weights


@pytest.fixture(scope="module")
def prompts() -> list[list[int]]:
    return [Tokenizer(data.CHECKPOINT).encode(text) for text in data.PROMPTS]


def test_the_model_computes_what_max_computes(open_page, prompts, rounded_weights):
    ours = open_page("sampling").evaluate(
        """(prompts) => {
          const model = new GPT2(shakespeareData);
          return prompts.map((ids) => {
            model.length = 0;
            return ids.map((id) => Array.from(model.forward(id)));
          });
        }""",
        prompts,
    )
    # One batch: what pads a prompt on the right is later than all of it, so it changes nothing.
    longest = max(map(len, prompts))
    batch = np.array([ids + [0] * (longest - len(ids)) for ids in prompts])
    input_ids = Tensor(batch, dtype=DType.int64, device=CPU())
    model = load_eager(data.CHECKPOINT)
    unrounded = np.from_dlpack(model(input_ids))  # [prompt, seq, vocab_size]
    model.load_state_dict(rounded_weights)
    rounded = np.from_dlpack(model(input_ids))
    for i, ids in enumerate(prompts):
        np.testing.assert_allclose(ours[i], rounded[i, : len(ids)], atol=1e-4)
        found = numpy_gpt2.softmax(np.array(ours[i]))
        expected = numpy_gpt2.softmax(unrounded[i, : len(ids)])
        assert np.argmax(found[-1]) == np.argmax(expected[-1])
        np.testing.assert_allclose(found, expected, atol=0.02)


def test_the_vocabulary_and_the_weights_are_the_checkpoints(prompts):
    written = (data.WIDGETS / "shakespeare_data.js").read_text(encoding="utf-8")
    assert written == data.script("shakespeareData", data.shakespeare_data())
    tokenizer = Tokenizer(data.CHECKPOINT)
    for token, text in enumerate(data.vocabulary()):
        assert text.encode("latin-1").decode("utf-8", "replace") == tokenizer.decode([token])


# Sampling


def last_logits(ids: list[int], weights: numpy_gpt2.Weights) -> np.ndarray:
    """The logits `[vocab_size]` about the token after ids, by NumPy."""
    return numpy_gpt2.lm_head_model(np.array([ids]), weights, 5, 4, 1e-5)[0, -1]


def reference(logits: np.ndarray, temperature: float, top_k: int, top_p: float) -> np.ndarray:
    """The probabilities that are left, as transformers' warpers filter the scores."""
    scores = logits / max(temperature, 1e-6)
    scores[scores < np.sort(scores)[-top_k]] = -np.inf
    ascending = np.argsort(scores)
    tail = np.cumsum(numpy_gpt2.softmax(scores)[ascending])
    scores[ascending[:-1][tail[:-1] <= 1 - top_p]] = -np.inf
    return numpy_gpt2.softmax(scores)


def shown_tokens(page: playwright.Page) -> list[list[str]]:
    """Each row's token and number, the row of the others last."""
    rows = page.locator(".sampling-tokens li")
    return [
        [row.locator("code").inner_text(), row.locator("span").last.inner_text()]
        for row in rows.all()
    ]


@pytest.mark.parametrize(
    "temperature, top_k, top_p",
    [(1, 1024, 1), (0.5, 1024, 1), (1, 5, 1), (1, 1024, 0.6), (2, 50, 0.3), (0, 1024, 1)],
)
def test_the_bars_show_the_probabilities(
    open_page, prompts, rounded_weights, temperature, top_k, top_p
):
    page = open_page("sampling")
    page.get_by_label("Prompt").select_option(index=1)
    choices = {5: 4, 50: 10, 1024: 17}  # the slider's place
    for name, value in (
        ("temperature", temperature),
        ("top-k", choices[top_k]),
        ("top-p", top_p),
    ):
        set_slider(page, name, value)
    logits = last_logits(prompts[1], rounded_weights)
    expected = reference(logits.copy(), temperature, top_k, top_p)
    tokenizer = Tokenizer(data.CHECKPOINT)
    *rows, others = shown_tokens(page)
    order = np.argsort(-logits)
    for token, (text, number) in zip(order[:12], rows, strict=True):
        assert text == visible(tokenizer.decode([token]))
        if number == "cut off":
            assert expected[token] == 0
        elif number.startswith("<"):
            assert 0 < expected[token] <= 0.0006
        else:
            assert float(number.removesuffix(" %")) / 100 == pytest.approx(
                expected[token], abs=6e-4
            )
    cut = sum(number == "cut off" for _, number in rows)
    if temperature > 0:
        assert cut == np.count_nonzero(expected[order[:12]] == 0)
        assert status(page).startswith(f"{np.count_nonzero(expected)} of 1024")
    assert others[0] == "1012 others"


def test_tokens_are_drawn_by_their_probability(open_page):
    page = open_page("sampling")
    page.get_by_label("Prompt").select_option("O,␣my")  # many tokens may follow
    set_slider(page, "top-k", 4)  # the five likeliest
    shown = {token: float(number.rstrip(" %")) for token, number in shown_tokens(page)[:5]}
    drawn = page.evaluate(
        """() => Array.from({ length: 150 }, () => {
          document.querySelector("[name=back]").click();
          document.querySelector("[name=draw]").click();
          return document.querySelector("mark").textContent;
        })"""
    )
    counts = [drawn.count(token.replace("␣", " ").replace("⏎", "\n")) for token in shown]
    expected = np.array(list(shown.values())) / sum(shown.values()) * len(drawn)
    assert expected.min() > 5  # the test below needs some of each
    assert sum(counts) == len(drawn)
    assert chisquare(counts, expected).pvalue > 0.01


def test_draw_20_writes_what_the_model_finds_likeliest(open_page, prompts, rounded_weights):
    ids = list(prompts[0])
    for _ in range(20):
        ids.append(int(np.argmax(last_logits(ids, rounded_weights))))
    page = open_page("sampling", clock=True)
    set_slider(page, "temperature", 0)
    at_first = shown_tokens(page)
    page.get_by_role("button", name="Draw 20").click()
    page.clock.run_for(3000)
    assert "100.0 %" in status(page)
    text = page.locator(".sampling-text")
    assert text.text_content() == Tokenizer(data.CHECKPOINT).decode(ids)
    page.get_by_role("button", name="Back to the prompt").click()
    assert text.text_content() == data.PROMPTS[0]
    assert shown_tokens(page) == at_first


def test_the_context_can_be_full(open_page):
    page = open_page("sampling", clock=True)
    for _ in range(13):
        page.get_by_role("button", name="Draw 20").click()
        page.clock.run_for(3000)
    assert "256 tokens" in status(page)
    page.get_by_role("button", name="Back to the prompt").click()
    page.get_by_role("button", name="Draw", exact=True).click()
    assert "Drew" in status(page)


def test_the_same_seed_draws_the_same_text(open_page):
    texts = []
    for _ in range(2):
        page = open_page("sampling", clock=True)
        page.get_by_role("button", name="Draw 20").click()
        page.clock.run_for(3000)
        texts.append(page.locator(".sampling-text").text_content())
    assert texts[0] == texts[1] != data.PROMPTS[0]


def test_sampling_by_keyboard(open_page):
    page = open_page("sampling")
    before = shown_tokens(page)
    page.get_by_role("combobox").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert page.locator("output").first.inner_text() == "0.95"
    assert shown_tokens(page) != before
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "Drew" in status(page)
    assert page.evaluate("keysOfThePage") == []


def test_the_model_is_loaded_when_it_is_wanted(open_page):
    page = open_page("sampling-below")
    page.wait_for_timeout(200)
    assert not any("shakespeare_data" in url for url in open_page.requests)
    page.locator("[data-widget]").scroll_into_view_if_needed()
    playwright.expect(page.get_by_role("status")).to_contain_text("can be drawn")


def test_a_model_that_is_missing_is_told(browser, site, tmp_path):
    shutil.copytree(site, tmp_path / "site")
    (tmp_path / "site" / "widgets" / "shakespeare_data.js").unlink()
    page = browser.new_page()
    page.goto((tmp_path / "site" / "sampling.html").as_uri())
    playwright.expect(page.get_by_role("status")).to_contain_text("could not be loaded")
    page.close()
