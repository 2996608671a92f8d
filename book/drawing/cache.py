"""What a cache keeps: the keys of a text that grows."""

import itertools

import numpy as np
from matplotlib.axes import Axes
from max.experimental import functional as F

from drawing.passages import SHAKESPEARE
from drawing.style import (
    BLUE,
    GREEN,
    MONO,
    MUTED,
    ORANGE,
    SMALL,
    Drawing,
    canvas,
    rectangle,
    write,
)
from drawing.values import array, as_batch, load, logits, spell, tokenizer

PROMPT = "ROMEO:\nI love"
STEPS = 3  # of one token each, behind the prompt
LAYER, HEAD = 4, 3  # the last layer, whose keys depend on all that is before them
SHOWN = 10  # of a key's 64 numbers
CELL_WIDTH, CELL_HEIGHT = 57, 10
TOP, PITCH = 30, 162  # of a step's keys below its title, and from one step to the next


def cached_keys() -> Drawing:
    """One head's keys after reading a prompt, and after each of the steps behind it."""
    ids = tokenizer(SHAKESPEARE).encode(PROMPT)
    length = len(ids)
    for _ in range(STEPS):
        ids = [*ids, int(logits(SHAKESPEARE, ids)[-1].argmax())]
    tokens = spell(SHAKESPEARE, ids)
    # Without a cache: each step computes the whole text anew.
    texts = [ids[: length + step] for step in range(STEPS + 1)]
    all_keys = [_keys(text)[:, :SHOWN] for text in texts]
    strongest = max(np.abs(keys).max() for keys in all_keys)

    axes = canvas(len(ids) * CELL_WIDTH + 4, len(texts) * PITCH - 8)
    for step, keys in enumerate(all_keys):
        top = step * PITCH
        new = len(keys) if step == 0 else 1
        words = f"prefill computes {new} keys" if step == 0 else f"step {step} computes one"
        write(axes, 2, top + 12, words, weight="bold")
        _columns(axes, top + TOP, tokens, keys / strongest)
        width = new * CELL_WIDTH
        _frame(axes, 2 + (len(keys) - new) * CELL_WIDTH, top + TOP, width)
    changes = [
        np.abs(later[: len(keys)] - keys).max() for keys, later in itertools.pairwise(all_keys)
    ]
    assert max(changes) < 1e-4, "a key has changed"
    return Drawing(
        axes.figure,
        f"Keys of layer {LAYER}, head {HEAD}, as columns of colours, one for each token. Prefill: "
        f"the {length} tokens of ROMEO, colon, line break, I, love. Then {STEPS} steps, each of "
        f"which adds one column on the right: {_quoted(tokens[length:])}. All columns that were "
        "there before stay as they were.",
    )


def _quoted(tokens: list[str]) -> str:
    return ", ".join(f"'{token.replace('␣', ' ').strip()}'" for token in tokens)


def _keys(ids: list[int]) -> np.ndarray:
    """The keys of one head for a whole text, `[seq, head_dim]`."""
    transformer = load(SHAKESPEARE).transformer
    x = transformer.wte(as_batch(ids)) + transformer.wpe(as_batch(ids))  # [1, seq, n_embd]
    *before, block = list(transformer.h)[: LAYER + 1]
    for earlier in before:
        x = earlier(x)
    n_embd = int(x.shape[2])
    _, key, _ = F.split(block.attn.c_attn(block.ln_1(x)), [n_embd, n_embd, n_embd], axis=-1)
    return array(block.attn.split_heads(key))[0, HEAD]


def _columns(axes: Axes, top: float, tokens: list[str], keys: np.ndarray) -> None:
    """keys `[seq, SHOWN]`, from -1 to 1: blue above 0, orange below."""
    for column, key in enumerate(keys):
        x = 2 + column * CELL_WIDTH
        for row, number in enumerate(key):
            y = top + row * CELL_HEIGHT
            color = BLUE if number > 0 else ORANGE
            rectangle(axes, x + 3, y + 1, CELL_WIDTH - 6, CELL_HEIGHT - 1, MUTED, 0.07)
            rectangle(
                axes, x + 3, y + 1, CELL_WIDTH - 6, CELL_HEIGHT - 1, color, round(abs(number), 3)
            )
        middle = x + CELL_WIDTH / 2
        y = top + SHOWN * CELL_HEIGHT + 15
        write(axes, middle, y, tokens[column], align="center", size=SMALL, font=MONO)


def _frame(axes: Axes, x: float, top: float, width: float) -> None:
    """Marks the columns that are new."""
    height = SHOWN * CELL_HEIGHT
    for edge in ((x, top - 1, width, 2), (x, top + height, width, 2)):
        rectangle(axes, *edge, GREEN)
    for edge in ((x, top - 1, 2, height + 3), (x + width - 2, top - 1, 2, height + 3)):
        rectangle(axes, *edge, GREEN)
