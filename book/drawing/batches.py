"""Texts of different lengths as one rectangle."""

import numpy as np
from matplotlib.axes import Axes

from drawing.passages import SHAKESPEARE
from drawing.style import BLUE, GREEN, INK, MONO, MUTED, SMALL, Drawing, canvas, rectangle, write
from drawing.values import logits, spell, tokenizer
from solutions.solution_16 import attention_mask, pad

PROMPTS = ("Now", "O Romeo,", "ROMEO:\nI love")
LABELS = 68  # the width of the words in front of a row
CELL_WIDTH, CELL_HEIGHT = 68, 46
MASK_CELL, MASK_GAP = 25, 13
MASKS_TOP = 272


def padded_batch() -> Drawing:
    """Three prompts: their tokens, positions and masks, when they are read and a step later."""
    texts = [tokenizer(SHAKESPEARE).encode(prompt) for prompt in PROMPTS]
    ids, padding = pad(texts)
    longest = ids.shape[1]
    chosen = [int(logits(SHAKESPEARE, text)[-1].argmax()) for text in texts]
    columns = longest + 1
    axes = canvas(LABELS + columns * CELL_WIDTH, MASKS_TOP + 288)

    write(axes, 0, 12, "tokens, and their positions", weight="bold")
    write(axes, LABELS, 42, "the prompts, read together", size=SMALL, color=MUTED)
    right = LABELS + columns * CELL_WIDTH - 4
    write(axes, right, 42, "one step", align="right", size=SMALL, color=GREEN)
    for row, (text, skipped, token) in enumerate(zip(texts, padding, chosen, strict=True)):
        _row(axes, 58 + row * (CELL_HEIGHT + 8), row, spell(SHAKESPEARE, [*text, token]), skipped)

    write(axes, 0, MASKS_TOP - 30, "masks: who may look (row) at whom (column)", weight="bold")
    _masks(axes, MASKS_TOP, attention_mask(longest, 0, padding)[:, 0], padding, BLUE)
    top = MASKS_TOP + 34 + longest * MASK_CELL + 28
    write(axes, 0, top, "the step's masks", weight="bold")
    _masks(axes, top + 24, attention_mask(1, longest, padding)[:, 0], padding, GREEN)
    return Drawing(
        axes.figure,
        "A batch of three prompts of "
        + ", ".join(str(len(text)) for text in texts)
        + f" tokens as a grid of three rows. Padding stands in front: {padding[0]}, {padding[1]} "
        f"and {padding[2]} places, so that the last tokens are in one column and the next tokens "
        "in another behind it. Positions count from the first real token of each row. Below, the "
        "mask of each text: staircases that leave out the columns of padding; a padded place sees "
        "itself only. A step later each mask is one row, in which only the padding is hidden.",
    )


def _row(axes: Axes, top: float, row: int, tokens: list[str], padding: int) -> None:
    """One text: its padding, its tokens, the last of which is new, and their positions."""
    write(axes, 0, top + CELL_HEIGHT / 2, f"text {row}", size=SMALL)
    for column in range(padding + len(tokens)):
        x = LABELS + column * CELL_WIDTH
        width, height = CELL_WIDTH - 4, CELL_HEIGHT - 2
        middle = x + width / 2
        if column < padding:
            rectangle(axes, x, top, width, height, MUTED, 0.07)
            write(axes, middle, top + height / 2, "padding", align="center", size=13, color=MUTED)
            continue
        new = column == padding + len(tokens) - 1
        rectangle(axes, x, top, width, height, GREEN if new else BLUE, 0.2)
        token = tokens[column - padding]
        write(axes, middle, top + 13, token, align="center", size=SMALL, font=MONO)
        position = str(column - padding)
        write(axes, middle, top + 32, position, align="center", size=SMALL, color=MUTED)


def _masks(axes: Axes, top: float, masks: np.ndarray, padding: np.ndarray, color: str) -> None:
    """masks `[batch, new, total]`, side by side; 0 is drawn, minus infinity left pale."""
    _, new, total = masks.shape
    first_row = total - new
    for text, (mask, skipped) in enumerate(zip(masks, padding, strict=True)):
        left = text * (6 * MASK_CELL + MASK_GAP)
        for row, column in np.ndindex(new, total):
            seen = mask[row, column] == 0
            real = first_row + row >= skipped
            rectangle(
                axes,
                left + column * MASK_CELL,
                top + row * MASK_CELL,
                MASK_CELL - 2,
                MASK_CELL - 2,
                color if seen and real else MUTED,
                (0.75 if real else 0.35) if seen else 0.07,
            )
        y = top + new * MASK_CELL + 14
        write(axes, left, y, f"text {text}", size=SMALL, color=INK)
