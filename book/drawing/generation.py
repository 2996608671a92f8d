"""Generating: where a model leaves what it has learned, and what a token costs."""

import json
from pathlib import Path

import numpy as np

from drawing.style import (
    BLUE,
    MUTED,
    ORANGE,
    PAPER,
    RED,
    SMALL,
    Drawing,
    plot,
    sheet,
)
from drawing.values import logits, softmax

WORDS = 4  # "I love AI !"
TRAINED = 8  # positions that train_i_love_ai.py shows to the model
MEASURED = Path(__file__).parent.parent / "measurements" / "cost.json"


def context_drift() -> Drawing:
    """How sure i-love-ai is of its sentence, position by position."""
    sentence = np.arange(65) % WORDS  # I love AI ! I love AI ! ...
    probabilities = softmax(logits("i-love-ai", sentence[:-1].tolist()))  # [64, 4]
    right = probabilities[np.arange(64), sentence[1:]]
    wrong = probabilities.argmax(axis=-1) != sentence[1:]

    figure = sheet(520, 300)
    axes = plot(figure, 46, 40, 466, 206)
    axes.set(
        xlim=(-0.8, 63.8), ylim=(-0.04, 1.04), yticks=[0, 0.5, 1], xticks=[0, 8, 16, 32, 48, 63]
    )
    axes.set_yticklabels(["0%", "50%", "100%"])
    axes.axvspan(-0.8, TRAINED - 0.5, color=MUTED, alpha=0.14, lw=0)
    axes.plot(right, color=BLUE, lw=1.5)
    places = np.arange(64)
    axes.plot(places[~wrong], right[~wrong], "o", ms=5, color=BLUE, clip_on=False)
    axes.plot(places[wrong], right[wrong], "o", ms=5, mfc=PAPER, mec=RED, mew=1.6, clip_on=False)
    axes.set_xlabel("position", color=MUTED, size=SMALL)
    axes.text(-0.5, 1.1, "trained", color=MUTED, size=SMALL)
    axes.text(TRAINED + 0.2, 1.1, "never trained", color=MUTED, size=SMALL)
    axes.text(63, 1.1, "\N{WHITE CIRCLE} greedy is wrong", ha="right", color=RED, size=SMALL)
    first = int(wrong.argmax())
    return Drawing(
        figure,
        "The probability that i-love-ai gives to the right next word at positions 0 to 63. Up to "
        f"position {TRAINED - 1}, as far as it was trained, it is above "
        f"{np.floor(1000 * right[:TRAINED].min()) / 10:g}%. At position {first} it falls to "
        f"{right[first]:.0%}, and from there it jumps up and down: at {wrong.sum()} of the "
        f"{64 - TRAINED} later positions the likeliest word is a wrong one.",
    )


def generation_cost() -> Drawing:
    """The measured time of one more token, with the whole text before it and without."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    whole = {int(length): ms for length, ms in measured["milliseconds_by_length"].items()}
    alone = measured["milliseconds_for_one_token_alone"]
    around = measured["milliseconds_around_the_model"]
    longest = max(whole)

    figure = sheet(520, 320)
    axes = plot(figure, 40, 34, 464, 236)
    top = 1.12 * max(whole.values())
    axes.set(xlim=(0, longest + 4), ylim=(0, top), xticks=[1, 64, 128, 192, 256])
    axes.set_xlabel("tokens in the text so far", color=MUTED, size=SMALL)
    axes.set_title("milliseconds for one more token", loc="left", x=-0.07, color=MUTED, size=SMALL)
    axes.axhspan(0, around, color=MUTED, alpha=0.14, lw=0)
    axes.text(
        longest, 0.4 * around, "choosing, without the model", ha="right", color=MUTED, size=SMALL
    )
    axes.plot(whole.keys(), whole.values(), "o-", color=BLUE, lw=2.5, ms=6)
    axes.plot((1, longest), (alone, alone), color=ORANGE, lw=2.5, ls=(0, (5, 3)))
    axes.text(
        150,
        whole[160] + 0.08 * top,
        "the whole text again",
        ha="right",
        color=BLUE,
        size=SMALL,
        weight="bold",
    )
    axes.text(
        longest,
        alone - 0.1 * top,
        "one token alone: what a cache comes near to",
        ha="right",
        color=ORANGE,
        size=SMALL,
    )
    return Drawing(
        figure,
        "The measured time for one more token from the shakespeare model, against the length of "
        f"the text: {whole[16]:.0f} milliseconds after 16 tokens, {whole[longest]:.0f} after "
        f"{longest}, as step 12's loop sends the whole text through the model. One token alone "
        f"takes {alone:.0f}, a level line; {around:.0f} of them are spent on choosing, without the "
        "model.",
    )
