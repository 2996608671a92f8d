"""What `gpt2 look 19` draws: step 19's scheduler and its pages, step by step, without a model."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text as Line

from commands.drawing.canvas import NAME, Canvas, rows, title
from gpt2.errors import UserError
from solutions.solution_19 import PageTable, Scheduler, Text

PAGES, PAGE, BATCH, CHUNK = 10, 4, 4, 4  # pages, letters of one, texts at once, letters a step
COLORS = ("cyan", "magenta", "yellow", "green", "blue", "red")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # a name for each text


def timeline(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 19: when each text is read and written, and whose each page is."""
    texts = [Text([ord(letter) for letter in word[:NAME]]) for word in text.split()[: len(LETTERS)]]
    if not texts:
        raise UserError("a batch of no texts: give a few words, of which each is one")
    words = ["".join(map(chr, text.ids)) for text in texts]
    names = dict(zip(texts, LETTERS, strict=False))
    styles = {text: COLORS[place % len(COLORS)] for place, text in enumerate(texts)}
    goals = {text: 2 * len(text.ids) + 4 for text in texts}
    drawn = {
        text: Line(f"{names[text]} {canvas.token(word)} ")
        for text, word in zip(texts, words, strict=True)
    }
    pages = [Line(f"page {page:<{NAME - 2}}") for page in range(PAGES)]
    reads, writes = canvas.shades[4], canvas.shades[2]
    scheduler = Scheduler(PageTable(PAGES, PAGE), BATCH)
    scheduler.waiting += texts
    while scheduler.waiting + scheduler.running and len(pages[0]) < canvas.width:
        before = list(scheduler.running)
        prefill, decode = scheduler.step()
        for text, line in drawn.items():
            waits = ("x" if text in before else ".") if text in scheduler.waiting else " "
            mark = reads if text in prefill else writes if text in decode else waits
            line.append(mark, styles[text])
        for page, line in enumerate(pages):
            holders = [text for text, held in scheduler.table.pages.items() if page in held]
            mark = "+" if len(holders) > 1 else names[holders[0]] if holders else "."
            line.append(mark, styles[holders[0]] if holders else "dim")
        for text in prefill + decode:
            text.read += min(CHUNK, len(text.ids) - text.read)
            if text.read == len(text.ids) == goals[text]:
                scheduler.finish(text)
            elif text.read == len(text.ids):
                text.ids.append(0)
    yield title("Step 19: each word is a text, whose letters are read and followed by others")
    yield rows(*drawn.values())
    yield (
        f". waits, {reads} is read, {writes} writes a token a step, x gives way and is read again."
    )
    yield rows(*pages)
    yield f"Whose each of the {PAGES} pages of {PAGE} tokens is; + is shared."
