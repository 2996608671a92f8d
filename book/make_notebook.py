"""Makes the notebook of the twelve steps from their stubs and chapters.

    uv run --group book python book/make_notebook.py

Writes gpt2_by_hand.ipynb, which is never edited by hand. Of a chapter it has the opening, the
figure and the idea; what begins with the first example, up to the code to complete, is folded.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

from course.files import MODEL, ROOT
from course.stubs import make_stub
from make_formulas import FORMULAS

REPOSITORY = ""  # its public address, for whoever has no clone
NOTEBOOK = ROOT / "gpt2_by_hand.ipynb"
SOURCE = Path(__file__).parent / "src"
FOLDED = "Examples, and the operations that you need"

FIGURE = re.compile(
    r'(?:<div class="widget"[^>]*>\n)?<figure>\n\{\{#include figures/(\w+)\.svg\}\}\n'
    r"(?:<figcaption>(.*?)</figcaption>\n)?</figure>(?:\n</div>)?",
    re.DOTALL,
)
FORMULA = re.compile(r'<div class="formula">\n\{\{#include formulas/(\w+)\.html\}\}\n</div>')
PAGE = re.compile(r"\]\((\w+\.md)")
PRINTED = re.compile(r"^```text\n.*?^```$", re.DOTALL | re.MULTILINE)
REFERENCE = re.compile(r"^\[([\w-]+)\]: .*\n", re.MULTILINE)
# A picture is a page of its own: its colours are those that the book's figures fall back on.
PAPER = """<style>svg { font-family: system-ui, sans-serif }</style>
<rect width="100%" height="100%" fill="#ffffff"/>
"""

INTRODUCTION = """\
# GPT-2 by hand: the twelve steps

You write GPT-2: not a sketch of it, the real model, in twelve short files. At the end it writes
Shakespeare, or nearly, with the weights of a small model that comes along. You know Python, and
have met arrays and matrix products; no GPU is needed.

**How it goes.** Each step is an idea, a cell to fill, and its check.

- Fill in the TODOs of the cell, and run it (Shift-Enter): that writes the step's file,
  `steps/step_01.py` and so on. What the file held before is kept under a dated name.
- Run the next cell: it runs your code, compares what it computes with the reference, and says
  what is right and what is not.
- If you are stuck, `%gpt2 hint 1` in a cell of your own gives a hint, and one more each time.
  `solutions/` has the answers.
- You can take any step alone: while an earlier one is not right, the reference stands in for it.

What a check needs of MAX is compiled when it first runs, once on a machine: that takes up to a
minute, and later runs take seconds. `%gpt2 warm` compiles all of it ahead.

**What you need.** Linux, macOS on Apple silicon, or Windows with WSL 2, and 3 GB of disk; or
Colab. Nothing has to be installed before: the next cell finds the project, or gets it, with all
that it needs.
"""

BEGINNING = f"""\
# Run this first.
import sys
from pathlib import Path

REPOSITORY = "{REPOSITORY}"  # the address of the project, for whoever has no clone of it


def find_project() -> Path | None:
    here = Path.cwd()
    folders = [here, *here.parents, here / "gpt2-by-hand"]
    return next((f for f in folders if (f / "solutions").is_dir() and (f / "steps").is_dir()), None)


if REPOSITORY and not find_project():
    !git clone --quiet {{REPOSITORY}} gpt2-by-hand
if project := find_project():
    sys.path.insert(0, str(project))
    from commands.notebook import start

    start()
else:
    print("There is no clone of the project here: open the notebook in one, or set REPOSITORY.")
"""

MAP = """\
## The model, and where you write it

{figure}

Each box names the step in which you write it. Follow the line down the middle, and you have read
GPT-2 from ids to logits.
"""

WRITES = """\
## Your model writes

All twelve together are a program that writes: `--steps` runs yours, with step 12's loop. Where a
step is not right yet, the reference stands in, and you are told. The first run compiles the model,
for a minute or two.
"""

ENGINE = """\
The loop computes everything again for each token, which is right for learning. These are the same
weights in the project's engine, which keeps keys and values, and has kernels of its own:
"""

END = """\
Try another beginning, `--temperature 0.5`, `--seed 7`; `%gpt2 generate --help` has the rest. How
the engine comes to be as fast as it is, you can write as well: steps 13 to 20, with files and
chapters of their own, begin at [Loading a checkpoint](book/src/step_13.md).
"""


def main() -> None:
    NOTEBOOK.write_text(notebook(), encoding="utf-8")


def notebook() -> str:
    """The file's text, in Jupyter's format 4.5."""
    cells = [markdown("introduction", INTRODUCTION), code("beginning", BEGINNING)]
    cells.append(markdown("map", MAP.format(figure=picture("model"))))
    for number in MODEL:
        cells.append(markdown(f"idea-{number:02}", idea(number)))
        cells.append(code(f"step-{number:02}", f"%%step {number}\n{make_stub(number)}"))
        cells.append(code(f"check-{number:02}", f"%gpt2 check {number}"))
    cells.append(markdown("your-model", WRITES))
    cells.append(code("your-model-writes", '%gpt2 generate --steps --engine tutorial "ROMEO:"'))
    cells.append(markdown("engine", ENGINE))
    cells.append(code("engine-writes", '%gpt2 generate "ROMEO:"'))
    cells.append(markdown("end", END))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": lines(text)}


def code(name: str, text: str) -> dict[str, Any]:
    empty = {"execution_count": None, "metadata": {}, "outputs": []}
    return {"cell_type": "code", "id": name, **empty, "source": lines(text)}


def lines(text: str) -> list[str]:
    return text.rstrip("\n").splitlines(keepends=True)


def idea(number: int) -> str:
    """A chapter up to the code to complete."""
    chapter = (SOURCE / f"step_{number:02}.md").read_text(encoding="utf-8")
    title, _, rest = chapter.partition("\n")
    opening, _, rest = rest.partition("\n## The idea\n")
    explained, _, rest = rest.partition("\n## The operations\n")
    operations, _, rest = rest.partition("\n## The code to complete\n")
    opening = opening[: FIGURE.search(opening).end()]  # not what it says of a widget
    explained, examples = before_examples(explained)
    text = (
        f"#{title}\n{opening}\n\n### The idea\n{explained}\n\n"
        f"<details>\n<summary>{FOLDED}</summary>\n{examples}{operations}\n</details>\n"
    )
    text = FIGURE.sub(with_caption, text)
    text = FORMULA.sub(lambda match: f"$$\n{FORMULAS[match[1]]}\n$$", text)
    # Jupyter would set what a block prints close below it, with nothing between them.
    text = PRINTED.sub(lambda match: re.sub("^", "> ", match[0], flags=re.MULTILINE), text)
    text = PAGE.sub(r"](book/src/\1", text)
    references = [match[0] for match in REFERENCE.finditer(rest) if f"][{match[1]}]" in text]
    return f"{text}\n{''.join(references)}"


def before_examples(text: str) -> tuple[str, str]:
    """Cuts a text before its first example, or before the paragraph that announces it."""
    before, fence, after = text.partition("\n```python\n")
    if before.rstrip().endswith(":"):
        before, _, announcement = before.rstrip().rpartition("\n\n")
        fence = f"\n{announcement}\n{fence}"
    return before.rstrip(), f"{fence}{after}"


def with_caption(match: re.Match[str]) -> str:
    """The figure that a chapter includes."""
    caption = f"\n\n<small>{match[2]}</small>" if match[2] else ""
    return picture(match[1]) + caption


def picture(name: str) -> str:
    """A figure of the book as an image that needs no other file."""
    svg = (SOURCE / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    head, end, rest = svg.partition(">\n")
    alt = re.search(r'aria-label="([^"]*)"', head)[1]
    content = base64.b64encode(f"{head}{end}{PAPER}{rest}".encode()).decode()
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{content}">'


if __name__ == "__main__":
    main()
