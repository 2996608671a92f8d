"""What the two embedding tables have learned."""

import numpy as np

from drawing.passages import SHAKESPEARE
from drawing.style import (
    BLUE,
    GREEN,
    INK,
    MONO,
    MUTED,
    ORANGE,
    RED,
    SMALL,
    Drawing,
    canvas,
    plot,
    sheet,
    write,
)
from drawing.values import array, encode, load

# What a group has in common -> its tokens, as they are written, and its colour.
GROUPS = {
    "who speaks": (("ROMEO", "JULIET", "GLOUCESTER", "ISABELLA", "LEONTES"), ORANGE),
    "marks": ((",", ".", "!", "?", ";"), MUTED),
    "whose": ((" my", " thy", " his", " your", " their"), GREEN),
    "verbs to lean on": ((" shall", " will", " would", " must", " may"), BLUE),
    "kin": ((" father", " brother", " mother", " son", " queen"), RED),
    "line begins": (("And", "But", "For", "That", "What"), INK),
}
WIDTH, HEIGHT, MARGIN = 520, 460, 34
LETTER, LINE = 8.6, 20  # the room that a letter and a line of labels take
POSITIONS = (10, 100, 200)


def token_embedding() -> Drawing:
    """Tokens where the two directions in which they differ most put them."""
    tokens = [token for group, _ in GROUPS.values() for token in group]
    colors = [color for group, color in GROUPS.values() for _ in group]
    table = array(load(SHAKESPEARE).transformer.wte.weight)  # [vocab_size, n_embd]
    rows = table[[encode(SHAKESPEARE, token)[-1] for token in tokens]]
    places, share = _principal(rows)
    places = _apart(_fit(places), [len(token) for token in tokens])

    axes = canvas(WIDTH, HEIGHT)
    for token, color, (x, y) in zip(tokens, colors, places, strict=True):
        text = token.replace(" ", "\N{OPEN BOX}")
        write(
            axes,
            x,
            y,
            text,
            align="center",
            font=MONO,
            color=color,
            size=14 if len(token) > 1 else 22,
        )
    return Drawing(
        axes.figure,
        f"{len(tokens)} tokens of the shakespeare vocabulary, placed by the two directions in "
        f"which their embeddings differ most ({share:.0%} of all difference). Tokens with one "
        "task lie together: names of speakers, punctuation, possessives, auxiliary verbs, "
        "kin, and words that begin a line.",
    )


def _principal(rows: np.ndarray) -> tuple[np.ndarray, float]:
    """The first two principal components.

    Args:
        rows: `[n, n_embd]`.

    Returns:
        `[n, 2]`, each column's largest entry positive, and the share of the variance in them.
    """
    left, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    places = left[:, :2] * sizes[:2]
    largest = np.abs(places).argmax(axis=0)
    places *= np.sign(places[largest, (0, 1)])
    return places, (sizes[:2] ** 2).sum() / (sizes**2).sum()


def _fit(places: np.ndarray) -> np.ndarray:
    """places `[n, 2]` -> pixels `[n, 2]` within the margins, y downwards."""
    low, high = places.min(axis=0), places.max(axis=0)
    size = np.array([WIDTH - 3 * MARGIN, HEIGHT - MARGIN])
    pixels = (places - low) / (high - low) * size + (1.5 * MARGIN, MARGIN)
    pixels[:, 1] = HEIGHT - pixels[:, 1]
    return pixels


def _apart(places: np.ndarray, lengths: list[int]) -> np.ndarray:
    """Moves labels up and down, a little at a time, until none covers another."""
    places = places.copy()
    for _ in range(400):
        for one in range(len(places)):
            for other in range(one):
                room = (lengths[one] + lengths[other] + 1) / 2 * LETTER
                x, y = places[one] - places[other]
                if abs(x) < room and abs(y) < LINE:
                    step = 0.25 * (LINE - abs(y)) * (1 if y >= 0 else -1)
                    places[one, 1] += step
                    places[other, 1] -= step
    places[:, 1] = places[:, 1].clip(LINE / 2, HEIGHT - LINE / 2)
    return places


def position_embedding() -> Drawing:
    """How alike the embedding of one position is to those of all."""
    table = array(load(SHAKESPEARE).transformer.wpe.weight)  # [n_positions, n_embd]
    directions = table / np.linalg.norm(table, axis=1, keepdims=True)
    likeness = directions[list(POSITIONS)] @ directions.T  # [3, n_positions]

    figure = sheet(520, 330)
    axes = plot(figure, 38, 26, 464, 262)
    axes.set(xlim=(0, 255), ylim=(-0.65, 1.05), yticks=[-0.5, 0, 0.5, 1], xticks=[0, 100, 200, 255])
    axes.axhline(0, color=MUTED, lw=1)
    for position, line, color, dashes in zip(
        POSITIONS, likeness, (BLUE, ORANGE, GREEN), ("-", (0, (4, 1.5)), "-"), strict=True
    ):
        axes.plot(line, color=color, lw=2, ls=dashes)
        axes.annotate(
            f"position {position}",
            (position, 1),
            (8, 2),
            textcoords="offset points",
            color=color,
            size=SMALL,
        )
    axes.set_title("cosine similarity", loc="left", x=-0.08, size=SMALL, color=MUTED, pad=12)
    near = np.mean([likeness[row, p + 1] for row, p in enumerate(POSITIONS)])
    return Drawing(
        figure,
        "Cosine similarity between the embeddings of positions 10, 100 and 200 and those of all "
        f"256 positions: each line peaks at 1 at its own position, is {near:.1f} on average at "
        "the next one, and falls off with the distance, below 0 for far positions.",
    )
