"""Draws the README's pictures: `uv run python scripts/draw_pictures.py [FOLDER]`.

Two are of terminals, and show what the program wrote when it was run for them; the third is the
book's figure of the model, in colours of its own.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from rich.console import Console
from rich.style import Style
from rich.text import Text

from course.files import ROOT
from course.lessons import lesson
from course.misconceptions import vary

PICTURES = ROOT / "pictures"
MISTAKE = "eps is missing"  # the beginning of a misconception of step 3
SPACE = "\N{NO-BREAK SPACE}"  # others are collapsed
ROWS = 14  # as many as the report has
COLUMN, LINE, MARGIN = 8.4, 19, 16  # pixels; a letter of 14 is as wide in most fonts
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
PAPER, INK, DIM = "#161b22", "#e6edf3", "#9198a1"
COLORS = {1: "#ff7b72", 2: "#56d364"}  # red and green, by their numbers in ANSI
THEME = """<style>
svg { --ink: #1f2328; --muted: #59636e; --bg: #ffffff; font-family: system-ui, sans-serif }
@media (prefers-color-scheme: dark) {
svg { --ink: #e6edf3; --muted: #9198a1; --bg: #161b22; --blue: #74b3f5; --orange: #f0a35c;
--green: #74cf97 }
}
</style>
<rect width="100%" height="100%" rx="8" fill="var(--bg)"/>
"""


def main() -> None:
    folder = Path(sys.argv[1]) if sys.argv[1:] else PICTURES
    for name, content in draw().items():
        (folder / f"{name}.svg").write_text(content, encoding="utf-8")


def draw() -> dict[str, str]:
    """All three, by name."""
    figure = (ROOT / "book" / "src" / "figures" / "model.svg").read_text(encoding="utf-8")
    head, end, rest = figure.partition(">\n")
    with tempfile.TemporaryDirectory() as empty:
        folder = Path(empty)
        for name in ("commands", "course", "gpt2", "solutions", "checkpoints", "pyproject.toml"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "steps").mkdir()
        (mistake,) = (m for m in lesson(3).misconceptions if m.sentence.startswith(MISTAKE))
        own = vary(lesson(3), mistake).replace("solutions.solution_", "steps.step_")
        (folder / "steps" / "step_03.py").write_text(own, encoding="utf-8")
        return {
            "check": terminal(folder, 76, "check", "3"),
            "generate": terminal(folder, 46, "generate", "ROMEO:", "--seed", "4"),
            "model": f"{head}{end}{THEME}{rest}",
        }


def terminal(folder: Path, columns: int, *arguments: str) -> str:
    """A picture of the program's standard output, of its first lines if it has more."""
    done = subprocess.run(
        [sys.executable, "-m", "commands", *arguments],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(folder), "UV": "uv", "FORCE_COLOR": "1", "COLUMNS": str(columns)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    typed = " ".join(f'"{word}"' if ":" in word else word for word in arguments)
    output = Text.from_ansi(f"\x1b[2m$\x1b[0m uv run gpt2 {typed}\n{done.stdout.rstrip()}")
    lines = output.split(allow_blank=True)
    width, height = columns * COLUMN + 2 * MARGIN, ROWS * LINE + 2 * MARGIN
    rows = "".join(row(number, line) for number, line in enumerate(lines[:ROWS]))
    if len(lines) > ROWS:
        x, y = MARGIN + (len(lines[ROWS - 1]) + 0.5) * COLUMN, MARGIN + (ROWS - 1) * LINE
        rows += f'<rect x="{x:g}" y="{y:g}" width="{COLUMN}" height="{LINE}" fill="{DIM}"/>\n'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" '
        f'width="{width:g}" font-family="{FONT}" font-size="14">\n'
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>\n{rows}</svg>\n'
    )


def row(number: int, line: Text) -> str:
    """A line of a terminal; its letters keep their columns in every font."""
    spans = "".join(
        f"<tspan{look(style or Style.null())}>{escape(text).replace(' ', SPACE)}</tspan>"
        for text, style, _ in line.render(Console())
    )
    width = len(line) * COLUMN
    y = MARGIN + (number + 0.75) * LINE
    return f'<text x="{MARGIN}" y="{y:g}" textLength="{width:g}">{spans}</text>\n' if spans else ""


def look(style: Style) -> str:
    """The attributes of a piece of text."""
    plain = DIM if style.dim else INK
    color = COLORS.get(style.color.number, plain) if style.color else plain
    return f' fill="{color}"' + (' font-weight="bold"' if style.bold else "")


if __name__ == "__main__":
    main()
