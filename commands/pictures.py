"""What `gpt2 look` draws. The steps are imported here, when the reader's are in their places."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor
from rich.columns import Columns
from rich.console import RenderableType
from rich.text import Text as Line

from commands.canvas import NAME, Canvas, rows, table, title
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import empty_model, load_model
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from gpt2.engine.engine import Engine
from gpt2.errors import UserError
from solutions.solution_02 import causal_mask
from solutions.solution_05 import TokenEmbedding
from solutions.solution_10 import GPT2Model
from solutions.solution_11 import GPT2LMHeadModel
from solutions.solution_14 import min_p, repetition_penalty, softmax, top_k, top_p
from solutions.solution_19 import PageTable, Scheduler, Text

FOLDER = SHIPPED / "shakespeare"
PASSAGE = FOLDER / "validation.txt"  # which the model was not trained on
WINDOWS = 4  # contexts of the passage that are read
LIKELIEST = 10  # tokens are shown
WRITTEN, PARTS = 200, 5  # tokens that step 15 writes, and the parts in which they are timed
PAGES, PAGE, BATCH, CHUNK = 10, 4, 4, 4  # of step 19's little machine, all but BATCH in letters
COLORS = ("cyan", "magenta", "yellow", "green", "blue", "red")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # a name for each text

config = read_config(FOLDER)
tokenizer = Tokenizer(FOLDER)


@cache
def _weights() -> dict[str, np.ndarray]:
    return read_weights(FOLDER, config)


def _module(architecture: type[Module], prefix: str = "", **sizes: int) -> Module:
    """A part of the shipped model, not compiled, whose weights have this prefix."""
    module = empty_model(replace(config, **sizes), CPU(), architecture)
    module.load_state_dict({name: _weights()[prefix + name] for name, _ in module.parameters})
    return module


def _ids(ids: Sequence[int] | np.ndarray) -> Tensor:
    """ids `[seq]` or `[batch, seq]` -> int64 `[batch, seq]`."""
    return Tensor(np.atleast_2d(np.array(ids)), dtype=DType.int64, device=CPU())


def _arrays(compute: Callable[[], list[Tensor]]) -> np.ndarray:
    """What is computed, float64: lazily, which is faster than eagerly, and compiles no graph."""
    with F.lazy():
        tensors = compute()
    return np.array([np.from_dlpack(tensor.to(CPU())) for tensor in tensors], np.float64)


def _spelled(token: int) -> str:
    return tokenizer.decode([int(token)])


def _prompt(text: str, longest: int = config.n_positions) -> list[int]:
    """The ids of a text, of its end if it is longer."""
    return tokenizer.encode_prompt(text)[-longest:]


def _next(ids: list[int]) -> np.ndarray:
    """The logits behind a text, `[vocab_size]`."""
    model = _module(GPT2LMHeadModel)
    return _arrays(lambda: [model(_ids(ids))[0, -1]])[0]


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
        (added,) = _arrays(lambda past=past: [causal_mask(len(words) - past, past, **options)])
        lines = [Line(" " * (NAME + 4) + heads, "dim")]
        for place, row in enumerate(added, past):
            cells = [canvas.shade(float(number == 0)) for number in row]
            name = Line(f"{place + 1:2}  {canvas.token(words[place])} ")
            lines.append(name.append_text(Line(" ").join(cells)))
        yield rows(*lines)
    yield (
        f"Each row is a word that looks, each column one that is looked at: {canvas.shades[4] * 2} "
        f"adds 0 to the score, {canvas.shades[0]} minus infinity, of which the softmax makes 0."
    )


def nearest(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 5: the tokens whose vectors point in nearly the same direction."""
    ids = tokenizer.encode(f" {text.strip()}")[: canvas.width // 20] if text.strip() else []
    if not ids:
        raise UserError("the nearest tokens to no word: give one")
    embedding = _module(TokenEmbedding, "transformer.wte.")
    (vectors,) = _arrays(lambda: [embedding(_ids(range(config.vocab_size)))[0]])
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)  # [vocab_size, n_embd]
    yield title("Step 5: the tokens whose vectors point the same way, by their cosine")
    lists = []
    for token in ids:
        cosines = vectors @ vectors[token]  # [vocab_size]
        lines = [Line(canvas.token(_spelled(token), 18), "bold")]
        for other in np.argsort(-cosines, kind="stable")[1 : LIKELIEST + 1]:
            name = Line(canvas.token(_spelled(other), 9)).append_text(canvas.bar(cosines[other], 5))
            lines.append(name.append(f" {cosines[other]:.2f}", "dim"))
        lists.append(rows(*lines))
    yield Columns(lists, padding=(0, 2))


def heads(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 7: where each head of a block looks."""
    ids = tokenizer.encode_prompt(text)[: min(canvas.width - NAME, config.head_dim)]
    layers = _attention(ids)  # [n_layer, n_head, seq, seq]
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
        lines = [Line(words, "bold")]
        for place, token in enumerate(ids):
            cells = [canvas.shade(share, columns) for share in looks[place, : place + 1]]
            lines.append(Line(canvas.token(_spelled(token))).append_text(Line().join(cells)))
        grids.append(rows(*lines, Line(" " * (NAME + columns * len(ids)))))
    yield Columns(grids, padding=(0, 3))
    marks = zip(canvas.shades[1:], (4, 16, 36, 64), strict=True)
    yield (
        "Each row is a token that looks, its columns the tokens up to itself: "
        f"{', '.join(f'{mark} from {share}%' for mark, share in marks)}. Above each head, what it "
        "looks at most: the token before, the first one, or itself."
    )


def _attention(ids: list[int]) -> np.ndarray:
    """What each query takes from each key, `[n_layer, n_head, seq, seq]`.

    `attend` mixes the values by these shares: where the values are an identity, they come out.
    """
    model = _module(GPT2Model, "transformer.")
    shape = (1, config.n_head, len(ids), config.head_dim)
    identity = np.broadcast_to(np.eye(*shape[2:], dtype=np.float32), shape).copy()

    def compute() -> list[Tensor]:
        x, layers = model.wte(_ids(ids)) + model.wpe(_ids(ids)), []
        hidden = causal_mask(len(ids), dtype=DType.float32, device=CPU())
        value = Tensor(identity, dtype=DType.float32, device=CPU())
        for block in model.h:
            parts = F.split(block.attn.c_attn(block.ln_1(x)), [config.n_embd] * 3, axis=-1)
            query, key = (block.attn.split_heads(part) for part in parts[:2])
            layers.append(block.attn.attend(query, key, value, hidden)[0])
            x = block(x)
        return layers

    return _arrays(compute)[..., : len(ids)]


def depths(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 10: what the model would say if it ended behind each block.

    Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
    """
    ids = _prompt(text)
    models = [
        _module(GPT2Model, "transformer.", n_layer=depth) for depth in range(config.n_layer + 1)
    ]
    guesses = _arrays(lambda: [(m(_ids(ids)) @ m.wte.weight.T)[0, -1] for m in models])
    last = guesses[-1].argmax()
    yield title(f"Step 10: the guess after {canvas.quoted(text)}, if the model ended here")
    word = canvas.token(_spelled(last)).strip()
    lines = [("", "", "", "", Line(f"{word} is", "dim"))]
    for depth, logits in enumerate(guesses):
        token, chances = logits.argmax(), softmax(logits)
        lines.append(
            (
                f"block {depth}" if depth else "no block",
                Line(canvas.token(_spelled(token)), "bold" if token == last else ""),
                canvas.bar(chances[token], canvas.width - 42),
                f"{chances[token]:4.0%}",
                Line(f"number {1 + np.count_nonzero(logits > logits[last])}", "dim"),
            )
        )
    yield table(*lines)


def likeliest(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 11: what comes next, and how well the model knows a text that is new to it."""
    chances = softmax(_next(_prompt(text)))
    yield title(f"Step 11: what comes after {canvas.quoted(text)}")
    yield table(
        *(
            (
                canvas.token(_spelled(token)),
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
                canvas.bar(nats / even, canvas.width - 54),
                f"{nats:.2f} nats",
                f"as unsure as among {np.exp(nats):.0f}",
            )
            for name, nats in (("all tokens alike", even), ("this model", loss))
        )
    )


def passage_loss() -> float:
    """The mean of -ln(probability of what really comes next), in nats, over WINDOWS contexts."""
    ids = np.array(tokenizer.encode(PASSAGE.read_text(encoding="utf-8")))
    windows = ids[: WINDOWS * config.n_positions].reshape(WINDOWS, -1)
    following = ids[1 : windows.size + 1].reshape(windows.shape)
    model = _module(GPT2LMHeadModel)
    (logits,) = _arrays(lambda: [model(_ids(windows))])  # [WINDOWS, n_positions, vocab_size]
    chosen = np.take_along_axis(logits, following[..., None], axis=-1)[..., 0]
    return float(np.mean(np.log(np.exp(logits).sum(-1)) - chosen))


def strategies(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 14: the chances of the likeliest tokens, and what each strategy makes of them."""
    ids = _prompt(text)
    logits = _next(ids)
    ways = {
        "as it is": logits,
        "top_k 5": top_k(logits, 5),
        "top_p 0.4": top_p(logits, 0.4),
        "min_p 0.2": min_p(logits, 0.2),
        "penalty 1.3": repetition_penalty(logits, ids, 1.3),
    }
    chances = np.array([softmax(changed) for changed in ways.values()])  # [5, vocab_size]
    columns = (canvas.width - NAME) // len(ways) - 6
    lines = [("", *(Line(name, "bold") for name in ways))]
    for token in np.argsort(-logits, kind="stable")[:LIKELIEST]:
        cells = (
            canvas.bar(share / chances.max(), columns).append(f"{share:4.0%}")
            if share
            else Line(canvas.shades[0], "dim")
            for share in chances[:, token]
        )
        lines.append((canvas.token(_spelled(token)), *cells))
    left = (f"{count}" for count in np.count_nonzero(chances, axis=-1))
    yield title(f"Step 14: what comes after {canvas.quoted(text)}, by each strategy")
    yield table(*lines, ("may come", *(Line(f"{count} tokens", "dim") for count in left)))


def speeds(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 15: a text that grows, each token computed without a cache and with it, in turn."""
    ids = _prompt(text, config.n_positions - WRITTEN)
    model, engine = load_model(FOLDER, config, CPU()), Engine(FOLDER, config, CPU(), kernels=False)
    seconds = np.empty((2, WRITTEN))
    for count in (1, WRITTEN):  # once to be warm
        own, cached = list(ids), engine.new_cache(np.zeros(1, np.int64))
        for place in range(count):
            began = time.perf_counter()
            logits = np.from_dlpack(model(_ids(own)).to(CPU()))[0, -1]
            between = time.perf_counter()
            engine.forward(cached, np.array([own[cached.length :]]))
            seconds[:, place] = between - began, time.perf_counter() - between
            own.append(int(logits.argmax()))
    parts = seconds.reshape(2, PARTS, -1)
    size = parts.shape[-1]
    rates = size / parts.sum(-1)  # [2, PARTS], tokens per second
    columns = (canvas.width - 26) // 2
    lines = [tuple(Line(name, "bold") for name in ("tokens", "without", "", "with a cache", ""))]
    for part, pair in enumerate(rates.T):
        bars = ((canvas.bar(rate / rates.max(), columns), f"{rate:.0f}") for rate in pair)
        lines.append((f"{part * size + 1} to {(part + 1) * size}", *sum(bars, ())))
    yield title(f"Step 15: tokens per second, {WRITTEN} of them after {canvas.quoted(text)}")
    yield table(*lines)
    without, within = WRITTEN / seconds.sum(-1)
    yield f"In all {without:.0f} tokens per second without a cache, {within:.0f} with it."


def timeline(canvas: Canvas, text: str) -> Iterator[RenderableType]:
    """Step 19: when each text is read and written, and whose each page is."""
    texts = [Text([ord(letter) for letter in word[:NAME]]) for word in text.split()[: len(LETTERS)]]
    if not texts:
        raise UserError("a batch of no texts: give a few words, of which each is one")
    words = ["".join(map(chr, text.ids)) for text in texts]
    names = dict(zip(texts, LETTERS, strict=False))
    styles = {text: COLORS[place % len(COLORS)] for place, text in enumerate(texts)}
    goals = {text: 2 * len(text.ids) + 4 for text in texts}
    drawn = {
        text: Line(f"{names[text]} {canvas.token(word)} ")
        for text, word in zip(texts, words, strict=True)
    }
    pages = [Line(f"page {page:<{NAME - 2}}") for page in range(PAGES)]
    reads, writes = canvas.shades[4], canvas.shades[2]
    scheduler = Scheduler(PageTable(PAGES, PAGE), BATCH)
    scheduler.waiting += texts
    while scheduler.waiting + scheduler.running and len(pages[0]) < canvas.width:
        before = list(scheduler.running)
        prefill, decode = scheduler.step()
        for text, line in drawn.items():
            waits = ("x" if text in before else ".") if text in scheduler.waiting else " "
            mark = reads if text in prefill else writes if text in decode else waits
            line.append(mark, styles[text])
        for page, line in enumerate(pages):
            holders = [text for text, held in scheduler.table.pages.items() if page in held]
            mark = "+" if len(holders) > 1 else names[holders[0]] if holders else "."
            line.append(mark, styles[holders[0]] if holders else "dim")
        for text in prefill + decode:
            text.read += min(CHUNK, len(text.ids) - text.read)
            if text.read == len(text.ids) == goals[text]:
                scheduler.finish(text)
            elif text.read == len(text.ids):
                text.ids.append(0)
    yield title("Step 19: each word is a text, whose letters are read and followed by others")
    yield rows(*drawn.values())
    yield f". waits, {reads} is read, {writes} writes a token a step, x gives way and will be read again."
    yield rows(*pages)
    yield f"Whose each of the {PAGES} pages of {PAGE} tokens is; + is shared."


DRAWINGS = {2: mask, 5: nearest, 7: heads, 10: depths, 11: likeliest, 14: strategies}
DRAWINGS |= {15: speeds, 19: timeline}
