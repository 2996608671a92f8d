"""The book's widgets in a real browser: mouse, keyboard, and numbers from somewhere else."""

import functools
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from max.driver import CPU
from max.dtype import DType
from max.experimental.tensor import Tensor
from scipy.stats import chisquare

import numpy_gpt2
from browser import needs_browser
from conftest import ROOT, load_eager
from gpt2.model import empty_model, parameter_shapes
from gpt2.tokenizer import Tokenizer
from gpt2.weights import read_weights
from solutions.solution_01 import GPT2Config
from solutions.solution_11 import GPT2LMHeadModel

sys.path.append(str(ROOT / "book"))
import make_widget_data as data

playwright = pytest.importorskip("playwright.sync_api", reason="uv sync --group book")

pytestmark = needs_browser

# As mdBook's print.html: the scripts come once for every chapter that has them, and something
# above the widgets waits for keys that turn the page.
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Widgets</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ --fg: black; --bg: white }} body {{ margin: 15px }}</style>
<link rel="icon" href="data:,"><link rel="stylesheet" href="book.css">
<link rel="stylesheet" href="widgets.css">
<script>
  window.keysOfThePage = [];
  addEventListener("keydown", (event) => keysOfThePage.push(event.key));
</script></head><body>
<div style="height: {before}px"></div>
<div class="widget" data-widget="{widget}" data-seed="16161616"><p>The figure.</p></div>
{scripts}{scripts}</body></html>"""
SCRIPTS = {
    "sampling": ("gpt2.js", "sampling.js"),
    "attention": ("attention_data.js", "attention.js"),
    "shapes": ("shapes.js",),
}


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A folder with one page for each widget, and one whose widget is far down."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(data.WIDGETS, folder / "widgets")
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

    def open_page(name: str, *, clock: bool = False, **options) -> playwright.Page:
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
            playwright.expect(page.get_by_role("status")).to_contain_text("can be drawn")
        return page

    open_page.requests = requests
    yield open_page
    for page in pages:
        page.close()
    assert not complaints
    assert all(url.startswith((site.as_uri(), "data:")) for url in requests)


def set_slider(page: playwright.Page, name: str, value: float) -> None:
    page.locator(f"input[name={name}]").fill(str(value))


def visible(token: str) -> str:
    return token.replace(" ", "␣").replace("\n", "⏎")


def status(page: playwright.Page) -> str:
    return page.get_by_role("status").text_content()


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


# The model in JavaScript


@pytest.fixture(scope="module")
def rounded_weights() -> numpy_gpt2.Weights:
    """What is left of shakespeare's weights after the rounding to int8."""
    config = data.read_config(data.CHECKPOINT)
    weights = read_weights(data.CHECKPOINT, parameter_shapes(empty_model(config, CPU())))
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


# Attention


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
    weights = read_weights(data.CHECKPOINT, parameter_shapes(empty_model(config, CPU())))
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


# Shapes

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
    model = parameter_shapes(empty_model(config, CPU(), GPT2LMHeadModel))
    assert shown == {
        re.sub(r"^h\.\d+", "h.*", name.removeprefix("transformer.")): shape
        for name, shape in model.items()
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
