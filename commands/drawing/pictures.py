"""What `gpt2 look` draws. The steps are imported here, when the reader's are in their places."""

import time
from collections.abc import Iterator

import numpy as np
from max.driver import CPU
from max.dtype import DType
from rich.columns import Columns
from rich.console import RenderableType
from rich.text import Text

from commands.drawing.canvas import NAME, Canvas, rows, table, title
from commands.drawing.shipped import (
    FOLDER,
    PASSAGE,
    WINDOWS,
    arrays,
    as_ids,
    attention,
    config,
    next_logits,
    part,
    passage_loss,
    prompt_ids,
    spelled,
    tokenizer,
)
from commands.drawing.timeline import timeline
from gpt2.checkpoint.model import load_model
from gpt2.engine.engine import Engine
from gpt2.errors import UserError
from solutions.solution_02 import causal_mask
from solutions.solution_05 import TokenEmbedding
from solutions.solution_10 import GPT2Model
from solutions.solution_14 import min_p, repetition_penalty, softmax, top_k, top_p

LIKELIEST = 10  # tokens are shown
WRITTEN, PARTS = 200, 5  # tokens that step 15 writes, and the parts in which they are timed


def mask(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 2: who may look at whom."""
    words = text.split()[: (canvas.width - NAME - 4) // 3]
    if not words:
        raise UserError("a mask over no words: give a few")
    yield title("Step 2: who may look at whom")
    heads = "".join(f"{place + 1:<3}" for place in range(len(words)))
    options = {"dtype": DType.float32, "device": CPU()}
    for past in sorted({0, max(0, len(words) - 2)}):
        if past:
            yield f"The last two, with the others in a cache (past_length={past}):"
        (added,) = arrays(lambda past=past: [causal_mask(len(words) - past, past, **options)])
        lines = [Text(" " * (NAME + 4) + heads, "dim")]
        for place, row in enumerate(added, past):
            cells = [canvas.shade(float(number == 0)) for number in row]
            name = Text(f"{place + 1:2}  {canvas.token(words[place])} ")
            lines.append(name.append_text(Text(" ").join(cells)))
        yield rows(*lines)
    yield (
        f"Each row is a word that looks, each column one that is looked at: {canvas.shades[4] * 2} "
        f"adds 0 to the score, {canvas.shades[0]} minus infinity, of which the softmax makes 0."
    )


def nearest(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 5: the tokens whose vectors point in nearly the same direction."""
    ids = tokenizer.encode(f" {text.strip()}")[: canvas.width // 19] if text.strip() else []
    if not ids:
        raise UserError("the nearest tokens to no word: give one")
    embedding = part(TokenEmbedding, "transformer.wte.")
    (vectors,) = arrays(lambda: [embedding(as_ids(range(config.vocab_size)))[0]])
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)  # [vocab_size, n_embd]
    yield title("Step 5: the tokens whose vectors point the same way, by their cosine")
    lists = []
    for token in ids:
        cosines = vectors @ vectors[token]  # [vocab_size]
        lines = [Text(canvas.token(spelled(token), 18), "bold")]
        for other in np.argsort(-cosines, kind="stable")[1 : LIKELIEST + 1]:
            name = Text(canvas.token(spelled(other), 9)).append_text(canvas.bar(cosines[other], 5))
            lines.append(name.append(f" {cosines[other]:.2f}", "dim"))
        lists.append(rows(*lines))
    yield Columns(lists, padding=(0, 1))


def heads(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 7: where each head of a block looks."""
    ids = tokenizer.encode_prompt(text)[: min(canvas.width - NAME, config.head_dim)]
    layers = attention(ids)  # [n_layer, n_head, seq, seq]
    later = slice(min(2, len(ids) - 1), None)  # the first tokens have hardly a choice
    habits = {  # each [n_layer, n_head]
        "itself": layers.diagonal(0, 2, 3)[..., later].mean(-1),
        "the first token": layers[..., later, 0].mean(-1),
    }
    if len(ids) > 2:
        habits["the token before"] = layers.diagonal(-1, 2, 3)[..., 1:].mean(-1)
    names, shares = list(habits), np.array([*habits.values()])
    layer = int(shares.max(0).sum(-1).argmax())
    yield title(
        f"Step 7: the heads of block {layer + 1} of {config.n_layer}, which are the plainest"
    )
    columns = 2 if 2 * (NAME + 2 * len(ids)) + 3 <= canvas.width else 1
    grids = []
    for head, looks in enumerate(layers[layer]):
        habit = shares[:, layer, head].argmax()
        words = f"{head + 1}: {names[habit]}, {shares[habit, layer, head]:.0%}"
        lines = [Text(words, "bold")]
        for place, token in enumerate(ids):
            cells = [canvas.shade(share, columns) for share in looks[place, : place + 1]]
            lines.append(Text(canvas.token(spelled(token))).append_text(Text().join(cells)))
        grids.append(rows(*lines, Text(" " * (NAME + columns * len(ids)))))
    yield Columns(grids, padding=(0, 3))
    marks = zip(canvas.shades[1:], (4, 16, 36, 64), strict=True)
    yield (
        "Each row is a token that looks, its columns the tokens up to itself: "
        f"{', '.join(f'{mark} from {share}%' for mark, share in marks)}. Above each head, what it "
        "looks at most: the token before, the first one, or itself."
    )


def depths(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 10: what the model would say if it ended behind each block.

    Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
    """
    ids = prompt_ids(text)
    models = [part(GPT2Model, "transformer.", n_layer=depth) for depth in range(config.n_layer + 1)]
    guesses = arrays(lambda: [(m(as_ids(ids)) @ m.wte.weight.T)[0, -1] for m in models])
    last = guesses[-1].argmax()
    yield title(f"Step 10: the guess after {canvas.quoted(text)}, if the model ended here")
    word = canvas.token(spelled(last)).strip()
    lines = [("", "", "", "", Text(f"{word} is", "dim"))]
    for depth, logits in enumerate(guesses):
        token, chances = logits.argmax(), softmax(logits)
        lines.append(
            (
                f"block {depth}" if depth else "no block",
                Text(canvas.token(spelled(token)), "bold" if token == last else ""),
                canvas.bar(chances[token], canvas.width - 42),
                f"{chances[token]:4.0%}",
                Text(f"number {1 + np.count_nonzero(logits > logits[last])}", "dim"),
            )
        )
    yield table(*lines)


def likeliest(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 11: what comes next, and how well the model knows a text that is new to it."""
    chances = softmax(next_logits(prompt_ids(text)))
    yield title(f"Step 11: what comes after {canvas.quoted(text)}")
    yield table(
        *(
            (
                canvas.token(spelled(token)),
                canvas.bar(chances[token] / chances.max(), canvas.width - NAME - 8),
                f"{chances[token]:6.1%}",
            )
            for token in np.argsort(-chances, kind="stable")[:LIKELIEST]
        )
    )
    even, loss = np.log(config.vocab_size), passage_loss()
    yield title(f"The loss on {WINDOWS * config.n_positions} tokens of {PASSAGE.name}")
    yield table(
        *(
            (
                name,
                canvas.bar(nats / even, canvas.width - 47),
                f"{nats:.2f} nats, perplexity {np.exp(nats):.0f}",
            )
            for name, nats in (("all tokens alike", even), ("this model", loss))
        )
    )


def strategies(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 14: the chances of the likeliest tokens, and what each strategy makes of them."""
    ids = prompt_ids(text)
    logits = next_logits(ids)
    ways = {
        "as it is": logits,
        "top_k 5": top_k(logits, 5),
        "top_p 0.4": top_p(logits, 0.4),
        "min_p 0.2": min_p(logits, 0.2),
        "repeat 1.3": repetition_penalty(logits, ids, 1.3),
    }
    chances = np.array([softmax(changed) for changed in ways.values()])  # [5, vocab_size]
    columns = (canvas.width - NAME) // len(ways) - 6
    lines = [("", *(Text(name, "bold") for name in ways))]
    for token in np.argsort(-logits, kind="stable")[:LIKELIEST]:
        cells = (
            canvas.bar(share / chances.max(), columns).append(f"{share:4.0%}")
            if share
            else Text(canvas.shades[0], "dim")
            for share in chances[:, token]
        )
        lines.append((canvas.token(spelled(token)), *cells))
    left = map(str, np.count_nonzero(chances, axis=-1))
    yield title(f"Step 14: what comes after {canvas.quoted(text)}, by each strategy")
    yield table(*lines, (Text("may come", "dim"), *(Text(count, "dim") for count in left)))


def speeds(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 15: a text that grows, each token computed without a cache and with it, in turn."""
    ids = prompt_ids(text, config.n_positions - WRITTEN)
    model, engine = load_model(FOLDER, config, CPU()), Engine(FOLDER, config, CPU(), kernels=False)
    seconds = np.empty((2, WRITTEN))
    for count in (1, WRITTEN):  # once to be warm
        own, cached = list(ids), engine.new_cache(np.zeros(1, np.int64))
        for place in range(count):
            began = time.perf_counter()
            logits = np.from_dlpack(model(as_ids(own)).to(CPU()))[0, -1]
            between = time.perf_counter()
            engine.forward(cached, np.array([own[cached.length :]]))
            seconds[:, place] = between - began, time.perf_counter() - between
            own.append(int(logits.argmax()))
    parts = seconds.reshape(2, PARTS, -1)
    size = parts.shape[-1]
    rates = size / parts.sum(-1)  # [2, PARTS], tokens per second
    columns = (canvas.width - 26) // 2
    lines = [tuple(Text(name, "bold") for name in ("tokens", "without", "", "with a cache", ""))]
    for place, pair in enumerate(rates.T):
        bars = ((canvas.bar(rate / rates.max(), columns), f"{rate:.0f}") for rate in pair)
        lines.append((f"{place * size + 1} to {(place + 1) * size}", *sum(bars, ())))
    yield title(f"Step 15: tokens per second, {WRITTEN} of them after {canvas.quoted(text)}")
    yield table(*lines)
    without, within = WRITTEN / seconds.sum(-1)
    yield f"In all {without:.0f} tokens per second without a cache, {within:.0f} with it."


DRAWINGS = {2: mask, 5: nearest, 7: heads, 10: depths, 11: likeliest, 14: strategies}
DRAWINGS |= {15: speeds, 19: timeline}
