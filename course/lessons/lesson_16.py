"""Step 16: many texts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Experiment, Kind, Lesson, Misconception

if TYPE_CHECKING:
    from collections.abc import Sequence

    from course.plain_subject import PlainSubject

LISTS = [[5, 9], [0], [6, 3, 0, 2]]  # a text may well contain token 0
TUPLES = [(4,), (8, 2, 1)]  # what the engine has

LENGTHS = "lengths = np.array([len(text) for text in texts])"
ROWS = "np.zeros((len(texts), lengths.max()), np.int64)"
PUT = "row[-len(text) :] = text"
LACKS = "lengths.max() - lengths"
COLUMNS = "columns = past + np.arange(new)"
POSITIONS = "np.maximum(columns - padding[:, None], 0)"
KEY = "key = np.arange(past + new)"
QUERY = "query = past + np.arange(new)[:, None]"
IS_TEXT = "key >= padding[:, None, None]"
ALLOWED = "((key <= query) & is_text) | (key == query)"
NUMBERS = "np.float32(0), np.float32(-np.inf)"
MASK = f"np.where(allowed, {NUMBERS})[:, None]"

ZEROS_COUNTED = (
    "Token 0 is a token like any other: count what a text lacks by its length, not by the zeros "
    "in its row."
)
OTHER_TOKEN = (
    "It is filled up with another token than 0. The model would not mind, since nobody looks at "
    "it, but 0 is what the docstring says."
)
SORTED = (
    "The texts are sorted by their lengths: row i belongs to text i, or nobody finds their own."
)
NOT_INFINITE = (
    "A large negative number is not minus infinity: next to very negative scores it lets the "
    "padding through, and in float16 it overflows."
)


def _pad(texts: Sequence[Sequence[int]], which: int, axes: tuple[str, ...]) -> Experiment:
    """One of the two arrays that `pad` returns."""

    def run(subject: PlainSubject) -> object:
        ids, padding = subject.call(subject.step.pad, texts)
        return (ids, padding)[which]

    return Experiment(f"pad({texts}): {('ids', 'padding')[which]}", run, axes, "pad")


def _call(
    name: str, new: int, past: int, padding: Sequence[int], axes: tuple[str, ...]
) -> Experiment:
    def run(subject: PlainSubject) -> object:
        return subject.call(getattr(subject.step, name), new, past, np.array(padding))

    return Experiment(f"{name}({new}, {past}, {padding})", run, axes, name)


def _positions(new: int, past: int, padding: Sequence[int]) -> Experiment:
    return _call("positions", new, past, padding, ("text", "token"))


def _mask(new: int, past: int, padding: Sequence[int]) -> Experiment:
    return _call("attention_mask", new, past, padding, ("text", "head", "query", "key"))


LESSON = Lesson(
    number=16,
    title="Many texts at once",
    defines={
        "pad": Kind.FUNCTION,
        "positions": Kind.FUNCTION,
        "attention_mask": Kind.FUNCTION,
    },
    hints=(
        "Draw the rectangle, and count its columns from the left. A new token stands in column "
        "past, or past + 1, and so on; its text begins in column padding. So its position is the "
        "difference of the two. The mask compares columns as well: that of a key with that of the "
        "query, and with the one in which the text begins.",
        "`np.zeros(shape, np.int64)` are rows to write texts into, and `row[-3:]` are the last "
        "three places of one. `padding[:, None]` is `[batch, 1]`, and with `[new]` makes "
        "`[batch, new]`. The mask is made of padding as `[batch, 1, 1]`, queries as `[new, 1]` "
        "and keys as `[past + new]`. `&` and `|` join comparisons, each in parentheses, and "
        "`np.where` makes numbers of them.",
        "pad writes each text into the last `len(text)` places of its row; padding is the longest "
        "length minus each. positions is `np.maximum(..., 0)` of columns minus padding. A key is "
        "allowed if it is neither behind the query nor in front of the text, or if it is the query "
        "itself. `np.where(allowed, np.float32(0), ...)`, and an axis for the heads behind the "
        "first.",
    ),
    kernels=0,
    experiments=(
        _pad(LISTS, 0, ("text", "column")),
        _pad(LISTS, 1, ("text",)),
        _pad(TUPLES, 0, ("text", "column")),
        _pad(TUPLES, 1, ("text",)),
        _pad([[3, 8]], 0, ("text", "column")),
        _positions(5, 0, [0, 2, 4]),
        _positions(2, 6, [4, 0, 1]),
        _positions(4, 2, [5, 0, 1]),
        _positions(1, 7, [3, 0]),
        _mask(4, 0, [0, 2, 3]),
        _mask(2, 3, [1, 0, 3, 2]),
        _mask(3, 2, [4, 1]),
        _mask(1, 5, [4, 0, 2]),
        _mask(3, 1, [0]),
    ),
    misconceptions=(
        Misconception(
            "The zeros stand behind the texts. They belong in front, so that all texts end in the "
            "last column, and grow by the same one.",
            {PUT: "row[: len(text)] = text"},
        ),
        Misconception(
            "This counts the tokens of each text: padding is what its row has besides them.",
            {LACKS: "lengths"},
        ),
        Misconception(ZEROS_COUNTED, {LACKS: "(ids == 0).sum(axis=1)"}),
        Misconception(ZEROS_COUNTED, {LACKS: "(ids != 0).argmax(axis=1)"}),
        Misconception(
            "np.zeros makes floats unless it is told otherwise: token ids are int64.",
            {ROWS: "np.zeros((len(texts), lengths.max()))"},
        ),
        Misconception(OTHER_TOKEN, {ROWS: "np.full((len(texts), lengths.max()), 50256)"}),
        Misconception(OTHER_TOKEN, {ROWS: "np.full((len(texts), lengths.max()), -1)"}),
        Misconception(SORTED, {LENGTHS: f"texts = sorted(texts, key=len); {LENGTHS}"}),
        Misconception(
            SORTED, {LENGTHS: f"texts = sorted(texts, key=len, reverse=True); {LENGTHS}"}
        ),
        Misconception(
            "The long texts are cut to the length of the shortest. Nothing may be lost: it is the "
            "short ones that are filled up.",
            {LENGTHS: f"n = min(map(len, texts)); texts = [t[-n:] for t in texts]; {LENGTHS}"},
        ),
        Misconception(
            "A text may be a tuple as well as a list, and the two cannot be added: make a list of "
            "it first.",
            {PUT: "row[:] = [0] * (len(row) - len(text)) + text"},
        ),
        Misconception(
            "The padding is counted as text: whatever stands in front, a text's first token has "
            "position 0.",
            {POSITIONS: "columns + 0 * padding[:, None]"},
        ),
        Misconception(
            "Padding gets positions below 0, and the table of positions has no such rows: make "
            "them 0.",
            {POSITIONS: "columns - padding[:, None]"},
        ),
        Misconception(
            "Padding gets positions that count down to 0: they are 0, all of them.",
            {POSITIONS: "np.abs(columns - padding[:, None])"},
        ),
        Misconception(
            "Padding gets position 1, as in transformers. The model would not mind, but 0 is what "
            "the docstring says.",
            {POSITIONS: "np.where(columns < padding[:, None], 1, columns - padding[:, None])"},
        ),
        Misconception(
            "The earlier columns are forgotten: the first new one is column past, not column 0.",
            {COLUMNS: "columns = np.arange(new)"},
        ),
        Misconception(
            "The padding is taken off the past alone. While a prompt is read, it stands among the "
            "new columns.",
            {POSITIONS: "np.maximum(past - padding, 0)[:, None] + np.arange(new)"},
        ),
        Misconception(
            "Positions are counted from 1: a text's first token has position 0.",
            {POSITIONS: "np.maximum(columns + 1 - padding[:, None], 0)"},
        ),
        Misconception(
            "The axes are swapped: there is a row for each text, and a column for each new token.",
            {POSITIONS: "np.maximum(columns[:, None] - padding, 0)"},
        ),
        Misconception(
            "NumPy lines up last axes, and here pairs tokens with texts: the padding needs an axis "
            "of size 1 behind its own.",
            {POSITIONS: "np.maximum(columns - padding, 0)"},
        ),
        Misconception(
            "NumPy lines up last axes, and here pairs queries with texts: the padding needs two "
            "axes of size 1 behind its own.",
            {IS_TEXT: "key >= padding[:, None]"},
        ),
        Misconception(
            "Padding sees nothing, and softmax of nothing is NaN: it has to see itself.",
            {ALLOWED: "(key <= query) & is_text"},
        ),
        Misconception(
            "Padding can be seen: step 2's mask hides the future, but not what stands in front of "
            "a text.",
            {ALLOWED: "(key <= query) & (is_text | True)"},
        ),
        Misconception(
            "Padding can be seen once it is in the cache: it has to be hidden in every step, not "
            "only in the one that reads it.",
            {IS_TEXT: "(key >= padding[:, None, None]) | (key < past)"},
        ),
        Misconception(
            "Padding sees the padding before it. Nobody looks at what comes of it, but itself "
            "alone is what the docstring says.",
            {ALLOWED: "(key <= query) & (is_text | (query < padding[:, None, None]))"},
        ),
        Misconception(
            "It asks whether the query is text: what has to be hidden are the keys that are none.",
            {IS_TEXT: "query >= padding[:, None, None]"},
        ),
        Misconception(
            "It hides the last columns of the short texts: their padding is the first ones.",
            {IS_TEXT: "key < past + new - padding[:, None, None]"},
        ),
        Misconception(
            "The first token of each text is hidden: columns are counted from 0, so it stands in "
            "the column whose number is the padding.",
            {IS_TEXT: "key > padding[:, None, None]"},
        ),
        Misconception(
            "The future can be seen: a text's token sees its own text up to itself.",
            {ALLOWED: "is_text | (key == query)"},
        ),
        Misconception(
            "Each query sees one key too many: the next token, which it is to predict.",
            {ALLOWED: "((key <= query + 1) & is_text) | (key == query)"},
        ),
        Misconception(
            "It hides the past and shows the future: a query may see the keys up to its column.",
            {ALLOWED: "((key >= query) & is_text) | (key == query)"},
        ),
        Misconception(
            "The past is forgotten: the first query stands in column past, behind all that went "
            "before.",
            {QUERY: "query = np.arange(new)[:, None]"},
        ),
        Misconception(
            "There are columns for the new tokens only: those in the cache are keys, too.",
            {KEY: "key = past + np.arange(new)"},
        ),
        Misconception(
            "It is inside out: what may be seen is minus infinity, and what may not be seen is 0.",
            {NUMBERS: "np.float32(-np.inf), np.float32(0)"},
        ),
        Misconception(
            "It holds ones and zeros, like a mask to multiply with. This one is added to the "
            "scores: what is to vanish in the softmax has to be minus infinity.",
            {NUMBERS: "np.float32(1), np.float32(0)"},
        ),
        Misconception(
            "It says True and False: this mask is added to the scores, so it needs 0 and minus "
            "infinity.",
            {MASK: "allowed[:, None]"},
        ),
        Misconception(NOT_INFINITE, {NUMBERS: "np.float32(0), np.float32(-1e9)"}),
        Misconception(NOT_INFINITE, {NUMBERS: "np.float32(0), np.finfo(np.float32).min"}),
        Misconception(
            "There is NaN in it: infinity times 0 is no number. Choose between the two, without "
            "multiplying.",
            {MASK: "(np.float32(-np.inf) * ~allowed)[:, None]"},
        ),
        Misconception(
            "Python's floats, and np.inf, are float64: the mask is float32, as the scores are.",
            {NUMBERS: "0.0, -np.inf"},
        ),
        Misconception(
            "The axis for the heads is missing: scores are `[batch, n_head, new, past + new]`.",
            {MASK: f"np.where(allowed, {NUMBERS})"},
        ),
        Misconception(
            "The axis of size 1 comes first, so the texts would be taken for heads: it belongs "
            "behind theirs.",
            {MASK: f"np.where(allowed, {NUMBERS})[None]"},
        ),
    ),
)
