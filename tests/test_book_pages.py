"""The book as a reader has it: built by mdBook, and opened in a browser."""

import html.parser
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from book import PAGES, SOURCE
from browser import needs_browser
from conftest import ROOT

MDBOOK = shutil.which("mdbook")
pytestmark = pytest.mark.skipif(MDBOOK is None, reason="no mdBook on the PATH")

NAMES = [page.stem for page in PAGES] + ["print"]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 700}

CONTRASTS = """() => {
  const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const read = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a] = read(getComputedStyle(e).backgroundColor);
      if (a === 255) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const luminance = (rgb) => rgb
    .map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  document.querySelectorAll("details").forEach((details) => (details.open = true));
  const texts = "main :is(p, li, td, th, h1, h2, a, code, summary, figcaption, span, mi, mo)";
  return [...document.querySelectorAll(texts)]
    .filter((e) => e.checkVisibility() && e.textContent.trim() && !e.closest("svg, .widget"))
    .map((e) => {
      const ink = luminance(read(getComputedStyle(e).color).slice(0, 3));
      const paper = luminance(ground(e));
      const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      return [contrast, e.textContent.trim().slice(0, 40)];
    })
    .filter(([contrast]) => contrast < 4.5);
}"""


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> tuple[Path, str]:
    """The folder of the built book, and what mdBook said."""
    folder = tmp_path_factory.mktemp("book") / "html"
    command = [MDBOOK, "build", str(ROOT / "book"), "--dest-dir", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return folder, run.stderr


class Page(html.parser.HTMLParser):
    """What a page links to, what can be linked to in it, and what is left empty."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.without_words: list[str] = []
        self.empty_code = 0
        self._code: str | None = None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.anchors.update(filter(None, [values.get("id"), values.get("name")]))
        if tag != "base":
            self.links += filter(None, [values.get("href"), values.get("src")])
        if tag == "code":
            self._code = ""
        if tag == "img" and not values.get("alt"):
            self.without_words.append(str(values))
        if tag == "svg" and not (values.get("role") == "img" and values.get("aria-label")):
            self.without_words.append(str(values))

    def handle_data(self, text: str) -> None:
        if self._code is not None:
            self._code += text

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self.empty_code += not (self._code or "").strip()
            self._code = None


@pytest.fixture(scope="session")
def parsed(built) -> dict[str, Page]:
    return {path.name: Page(path) for path in built[0].glob("*.html")}


def test_mdbook_has_nothing_to_complain_of(built):
    assert "WARN" not in built[1] and "ERROR" not in built[1], built[1]


def test_mdbook_is_the_version_that_pixi_installs():
    version = subprocess.run([MDBOOK, "--version"], capture_output=True, text=True).stdout
    pinned = (ROOT / "pixi.toml").read_text(encoding="utf-8").partition('mdbook = "')[2]
    assert version.split()[1].startswith("v" + pinned.partition(".*")[0])


def test_links_and_anchors_lead_somewhere(built, parsed):
    folder, _ = built
    broken = []
    for name, page in parsed.items():
        for link in page.links:
            address = urlsplit(link)
            if address.scheme:
                assert address.scheme in ("https", "data"), (name, link)
                continue
            if address.path.startswith("../../"):  # a file of the project, for who reads Markdown
                assert (SOURCE / address.path).is_file(), (name, link)
                continue
            target = unquote(address.path) or name
            anchor = unquote(address.fragment)
            there = (folder / target).is_file()
            if not there or (anchor and anchor not in parsed[target].anchors):
                broken.append((name, link))
    assert not broken


def test_every_picture_has_words(parsed):
    assert not {name: page.without_words for name, page in parsed.items() if page.without_words}
    assert sum("svg" in path.name for path in (ROOT / "book/src/figures").iterdir()) >= 12


def test_no_included_code_is_missing(parsed):
    assert not [name for name, page in parsed.items() if page.empty_code]


@pytest.fixture
def visit(browser, built):
    """Opens a page of the book; afterwards, nothing may have gone wrong or gone out."""
    contexts, complaints, outside = [], [], []

    def visit(name: str, theme: str = "light", viewport: dict = DESKTOP):
        context = browser.new_context(viewport=viewport)
        context.add_init_script(f"localStorage.setItem('mdbook-theme', '{theme}')")
        page = context.new_page()
        page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.on("request", lambda r: r.url.startswith("file:") or outside.append(r.url))
        page.goto((built[0] / f"{name}.html").as_uri())
        contexts.append(context)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not complaints
    assert not [url for url in outside if not url.startswith("data:")]


@needs_browser
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("theme", "viewport"), [("light", DESKTOP), ("navy", PHONE)], ids=["desktop", "phone"]
)
def test_a_page_is_whole_and_legible(visit, name, theme, viewport):
    page = visit(name, theme, viewport)
    assert page.locator("main h1").first.is_visible()
    widest = "Math.max(...[document.documentElement, content].map((e) => e.scrollWidth))"
    assert page.evaluate(widest) <= viewport["width"]
    assert page.evaluate(CONTRASTS) == []


@needs_browser
def test_figures_are_drawn_in_the_ink_of_the_theme(visit):
    for theme in ("light", "navy"):
        page = visit("step_08", theme)
        ink = page.locator("figcaption").first.evaluate("e => getComputedStyle(e).color")
        texts = page.locator("figure svg text").all()
        assert ink in {text.evaluate("e => getComputedStyle(e).fill") for text in texts}


@needs_browser
def test_a_link_to_a_file_of_the_project_looks_like_code_and_cannot_be_followed(visit):
    page = visit("step_03")
    code = page.locator("main p a code", has_text="steps/step_03.py")
    assert code.is_visible()
    looks = "e => [getComputedStyle(e).color, getComputedStyle(e).textDecorationLine]"
    plain = page.locator("main p > code").first
    assert code.evaluate(looks) == plain.evaluate(looks)
    link = page.locator("main a[href^='../../']").first
    assert link.evaluate("e => (e.focus(), document.activeElement !== e)")
    code.click(force=True)
    assert page.url.endswith("/step_03.html")


@needs_browser
def test_the_search_finds_softmax(visit):
    page = visit("introduction")
    page.keyboard.press("s")
    page.locator("#searchbar").press_sequentially("softmax")
    first = page.locator("#searchresults a").first
    first.wait_for()
    first.click()
    assert "highlight=softmax" in page.url


@needs_browser
def test_the_menu_changes_the_theme_and_folds_the_sidebar(visit):
    page = visit("setup")
    page.locator("#theme-toggle").click()
    page.locator("#navy").click()
    assert "navy" in page.locator("html").get_attribute("class")
    assert not page.locator("#theme-list").is_visible()
    sidebar = page.locator("#sidebar")
    assert sidebar.get_attribute("aria-hidden") == "false"
    page.locator("#sidebar-toggle").click()
    assert sidebar.get_attribute("aria-hidden") == "true"


@needs_browser
def test_code_is_coloured_and_can_be_copied(visit):
    page = visit("step_03")
    assert page.locator("pre code .hljs-keyword").count() > 5
    block = page.locator("pre", has=page.locator("code.language-sh")).first
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    block.hover()
    block.get_by_role("button", name="Copy this code").click()
    block.get_by_text("copied").wait_for()
    assert page.evaluate("copied") == "uv run gpt2 check 3  # or: pixi run s03\n"


@needs_browser
@pytest.mark.parametrize("widget", ["sampling", "attention", "shapes", "pages"])
def test_a_widget_starts_in_its_chapter(visit, widget):
    pages = {"sampling": "step_12", "attention": "step_07", "pages": "step_19"}
    page = visit(pages.get(widget, widget))
    started = page.locator(f"[data-widget={widget}][data-started]")
    started.wait_for()
    assert started.locator("button").count() >= 3
