"""Step 16: many texts at once.

One step of the model reads all its weights, for one text or for eight. So eight texts
that grow together cost little more than one. They are of different lengths: the short
ones are filled up in front, and nobody may look at what fills them up.
"""

# ANCHOR: code (the book shows what follows)
from collections.abc import Sequence

import numpy as np


def pad(texts: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Makes an array of texts, filled up in front with token 0.

    In front, so that all texts end in the last column, and grow by the same one.

    Args:
        texts: token ids, each text of one token or more.

    Returns:
        ids: int64 `[batch, longest]`.
        padding: int64 `[batch]`, how many tokens of each row are no text.
    """
    # BEGIN SOLUTION: begin with zeros, and write each text at the end of its row.
    #   NumPy: np.zeros (its dtype), slices that begin at a negative place, ndarray.max
    lengths = np.array([len(text) for text in texts])  # [batch]
    ids = np.zeros((len(texts), lengths.max()), np.int64)
    for row, text in zip(ids, texts, strict=True):
        row[-len(text) :] = text
    return ids, lengths.max() - lengths
    # END SOLUTION


def positions(new: int, past: int, padding: np.ndarray) -> np.ndarray:
    """The position of each new token in its text: the first token behind the padding has 0.

    Args:
        new: how many columns are new.
        past: how many columns were there before them.
        padding: int64 `[batch]`, as `pad` returns it.

    Returns:
        int64 `[batch, new]`; 0 for padding, whose position does not matter.
    """
    # BEGIN SOLUTION: count the columns on from past, without those that are padding.
    #   NumPy: np.arange, np.maximum, and an axis of size 1 (None in an index)
    columns = past + np.arange(new)  # [new]
    return np.maximum(columns - padding[:, None], 0)  # [batch, new]
    # END SOLUTION


def attention_mask(new: int, past: int, padding: np.ndarray) -> np.ndarray:
    """Says which columns each new token may attend to: step 2's mask for texts with padding.

    A text's token sees its own text up to itself. Padding sees itself alone: what comes of it
    is thrown away, but a softmax over nothing would be NaN, and NaN spreads.

    Args: as for `positions`.

    Returns:
        float32 `[batch, 1, new, past + new]`, 0 where it may, minus infinity elsewhere; the
        axis of size 1 stands for all heads.
    """
    # BEGIN SOLUTION: compare the column of each key with that of the query, and with the
    #   padding of its text.
    #   NumPy: np.arange, np.where, the operators & and |
    key = np.arange(past + new)  # [past + new]
    query = past + np.arange(new)[:, None]  # [new, 1]
    is_text = key >= padding[:, None, None]  # [batch, 1, past + new]
    allowed = ((key <= query) & is_text) | (key == query)  # [batch, new, past + new]
    return np.where(allowed, np.float32(0), np.float32(-np.inf))[:, None]
    # END SOLUTION
