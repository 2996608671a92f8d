"""A cache in pages: which text holds which, and what is in them."""

from matplotlib.axes import Axes

from drawing.passages import SHAKESPEARE
from drawing.style import (
    BLUE,
    GREEN,
    MONO,
    MUTED,
    ORANGE,
    SMALL,
    Drawing,
    box,
    canvas,
    rectangle,
    write,
)
from drawing.values import logits, spell, tokenizer
from solutions.solution_19 import PageTable, Scheduler, Text

PROMPTS = {
    "a": "First Citizen:\nWe are all dead",
    "b": "First Citizen:\nWe are all to go",
    "c": "JULIET:\nO, my",
}
COLORS = {"a": BLUE, "b": GREEN, "c": ORANGE}
PAGES, SIZE, COLUMNS = 8, 4, 2
CELL, HEIGHT, SPACE = 58, 26, 3  # of a token, and between two
PAGE = SIZE * CELL  # the width of one
ROW, PITCH, GAP = 34, 62, 16  # of a text's row, from page to page downwards, and sideways
MEMORY = 168  # where the memory begins


def pages() -> Drawing:
    """Three texts at the second step of the scheduler: two begin alike, and share two pages."""
    scheduler = Scheduler(PageTable(PAGES, SIZE), batch=len(PROMPTS))
    texts = {name: Text(tokenizer(SHAKESPEARE).encode(p)) for name, p in PROMPTS.items()}
    scheduler.waiting.extend(texts.values())
    for text in scheduler.step()[0]:
        text.read = len(text.ids)
        text.ids.append(int(logits(SHAKESPEARE, text.ids)[-1].argmax()))
    assert scheduler.running == [texts["a"]], "the others wait for their beginning, or in turn"
    prefill, decode = scheduler.step()
    assert len(prefill) == 2 and decode == [texts["a"]]

    table = scheduler.table
    width = COLUMNS * PAGE + (COLUMNS - 1) * GAP - SPACE
    axes = canvas(width, MEMORY + 6 + -(-PAGES // COLUMNS) * PITCH)
    write(axes, 0, 12, "texts, and their pages", weight="bold")
    for row, (name, text) in enumerate(texts.items()):
        _text(axes, 34 + row * ROW, name, text, table.pages[text])
    write(axes, 0, MEMORY, "memory", weight="bold")
    write(axes, width, MEMORY, "pale: to be read in this step", align="right", size=SMALL)
    holders = {p: [n for n, t in texts.items() if p in table.pages[t]] for p in range(PAGES)}
    for page in range(PAGES):
        x = page % COLUMNS * (PAGE + GAP)
        y = MEMORY + 26 + page // COLUMNS * PITCH
        _page(axes, x, y, page, {name: texts[name] for name in holders[page]}, table)
    shared = sum(len(names) > 1 for names in holders.values())
    rows = "; ".join(f"{name}: {table.pages[text]}" for name, text in texts.items())
    return Drawing(
        axes.figure,
        f"Three texts and a memory of {PAGES} pages of {SIZE} tokens. The texts' pages, in the "
        f"order of their tokens: {rows}. {shared} pages are held by two texts, a and b, which "
        f"begin alike; {len(table.unused)} are unused. Of a one token is to be read in this step, "
        f"of b {len(texts['b'].ids) - texts['b'].read}, of c all {len(texts['c'].ids)}.",
    )


def _text(axes: Axes, y: float, name: str, text: Text, pages: list[int]) -> None:
    """A text's list of pages, and what is to be read of it."""
    middle = y + 13
    write(axes, 0, middle, name, weight="bold", color=COLORS[name])
    for place, page in enumerate(pages):
        x = 24 + place * 40
        box(axes, x, y, 32, 26, COLORS[name])
        write(axes, x + 16, middle, str(page), align="center", size=SMALL)
    lacks = len(text.ids) - text.read
    words = f"{len(text.ids)} tokens, {text.read} read, {lacks} to read now"
    write(axes, 24 + 3 * 40 + 14, middle, words, size=SMALL, color=MUTED)


def _page(
    axes: Axes, x: float, y: float, page: int, texts: dict[str, Text], table: PageTable
) -> None:
    """A page: who holds it, and the tokens whose keys and values are there or will be."""
    who = " and ".join(texts) or "unused"
    write(axes, x, y, f"page {page}", size=SMALL, color=MUTED)
    write(axes, x + PAGE - SPACE, y, who, align="right", size=SMALL, color=MUTED)
    text = next(iter(texts.values()), None)
    first = table.pages[text].index(page) * SIZE if text else 0
    tokens = spell(SHAKESPEARE, text.ids[first : first + SIZE]) if text else []
    for place in range(SIZE):
        left = x + place * CELL
        if place >= len(tokens):
            rectangle(axes, left, y + 12, CELL - SPACE, HEIGHT, MUTED, 0.07)
            continue
        strength = 0.4 if first + place < text.read else 0.12
        for part, holder in enumerate(texts):
            height = HEIGHT / len(texts)
            top = y + 12 + part * height
            rectangle(axes, left, top, CELL - SPACE, height, COLORS[holder], strength)
        middle = left + (CELL - SPACE) / 2
        write(axes, middle, y + 25, tokens[place], align="center", size=SMALL, font=MONO)
