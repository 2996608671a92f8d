"""Guessing ahead: a text that the shipped model writes, step by step."""

from dataclasses import dataclass

from drawing.passages import SHAKESPEARE
from drawing.style import (
    BLUE,
    GREEN,
    MONO,
    MUTED,
    RED,
    SMALL,
    Drawing,
    canvas,
    line,
    rectangle,
    write,
)
from drawing.values import spell
from gpt2 import load
from gpt2.language_model import LOOKUP_DRAFTS
from gpt2.text.continuation import Continuation
from gpt2.text.drafters import PromptLookup
from gpt2.text.options import Options
from gpt2.text.speculation import Draft, speculate

PROMPT = "ROMEO:"
STEPS = 37  # of those that the text takes
TOKENS = 100
ROW = 27
LEFT = 58  # where the tokens begin, behind the number of the step
LETTER = 8.15  # the width of one, at SMALL in a monospaced font
PAD, GAP = 3.5, 3
WIDTH = 444


@dataclass(frozen=True)
class Step:
    """One pass through the model.

    Attributes:
        kept: the drafts that were right.
        dropped: those behind them; the first is wrong.
        own: the token that the model added.
    """

    kept: list[int]
    dropped: list[int]
    own: int


class Watched:
    """A drafter whose drafts are written down."""

    def __init__(self) -> None:
        self._drafter = PromptLookup()
        self.drafts: list[tuple[int, list[int]]] = []  # the length of the text, and the tokens

    def draft(self, continuation: Continuation, count: int) -> list[Draft]:
        drafts = self._drafter.draft(continuation, count)
        self.drafts.append((len(continuation.ids), [draft.token for draft in drafts]))
        return drafts


def speculation() -> Drawing:
    """Which drafts of prompt lookup a greedy text keeps."""
    steps = _steps()
    rows = _rows(steps)
    axes = canvas(WIDTH, 44 + len(rows) * ROW)
    legend = (("draft, kept", GREEN), ("draft, dropped", RED), ("the model's own", BLUE))
    x = LEFT
    for words, color in legend:
        rectangle(axes, x, 8, 12, 12, color)
        write(axes, x + 18, 14, words, size=SMALL)
        x += 36 + 6.9 * len(words)
    for row, (label, entries) in enumerate(rows):
        y = 44 + (row + 0.5) * ROW
        write(axes, LEFT - 10, y, label, align="right", size=SMALL, color=MUTED)
        x = LEFT
        for token, color in entries:
            text = spell(SHAKESPEARE, [token])[0]
            width = LETTER * len(text) + 2 * PAD
            rectangle(axes, x, y - 10, width, 20, color, 0.16)
            ink = MUTED if color == RED else color
            write(axes, x + width / 2, y, text, align="center", font=MONO, size=SMALL, color=ink)
            if color == RED:
                line(axes, (x + 1, y), (x + width - 1, y), color=RED, width=1)
            x += width + GAP
    kept = sum(len(step.kept) for step in steps)
    drafted = kept + sum(len(step.dropped) for step in steps)
    return Drawing(
        axes.figure,
        f"The first {len(steps) + kept} tokens after ROMEO:, greedily, in {len(steps)} steps. "
        "Each row is a step, or several without a draft: drafts that were kept, drafts that were "
        f"dropped, struck through, and the model's own token. {kept} of {drafted} drafts were "
        "kept.",
    )


def _steps() -> list[Step]:
    model = load(SHAKESPEARE, device="cpu")
    watched = Watched()
    continuation = model.start(PROMPT, Options(temperature=0, max_new_tokens=TOKENS))
    for _ in speculate(model.engine, watched, continuation, LOOKUP_DRAFTS):
        pass
    ends = [length for length, _ in watched.drafts[1:]] + [len(continuation.ids)]
    steps = []
    for (length, drafts), end in zip(watched.drafts, ends, strict=True):
        kept = end - length - 1
        steps.append(Step(drafts[:kept], drafts[kept:], continuation.ids[end - 1]))
    return steps[:STEPS]


def _rows(steps: list[Step]) -> list[tuple[str, list[tuple[int, str]]]]:
    """The steps' labels and coloured tokens; steps without a draft share a row."""
    rows: list[tuple[str, list[tuple[int, str]]]] = []
    alone: list[int] = []  # the numbers of steps without a draft, not yet in a row

    for number, step in enumerate(steps, start=1):
        if not (step.kept or step.dropped):
            alone.append(number)
        if alone and (step.kept or step.dropped or number == len(steps)):
            label = f"{alone[0]}\N{EN DASH}{alone[-1]}" if len(alone) > 1 else f"{alone[0]}"
            rows.append((label, [(steps[i - 1].own, BLUE) for i in alone]))
            alone = []
        if step.kept or step.dropped:
            entries = [(token, GREEN) for token in step.kept]
            entries += [(token, RED) for token in step.dropped]
            rows.append((f"{number}", [*entries, (step.own, BLUE)]))
    return rows
