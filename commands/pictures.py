"""What `gpt2 look` draws. Here the steps are imported, so the reader's are in place before."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor
from rich.cells import set_cell_size
from rich.text import Text as Line

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import empty_model, load_model
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from gpt2.engine.engine import Engine
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config
from solutions.solution_02 import causal_mask
from solutions.solution_05 import TokenEmbedding
from solutions.solution_10 import GPT2Model
from solutions.solution_11 import GPT2LMHeadModel
from solutions.solution_14 import min_p, repetition_penalty, softmax, top_k, top_p
from solutions.solution_19 import PageTable, Scheduler, Text

FOLDER = SHIPPED / "shakespeare"
PASSAGE = FOLDER / "validation.txt"
WINDOWS = 4  # of a whole context each, are read of the passage
LIKELIEST = 10  # tokens are shown
WRITTEN, STRETCHES = 200, 5  # tokens, and in how many parts they are timed
PAGES, PAGE, BATCH, CHUNK = 10, 4, 4, 4  # of step 19's little machine, in letters
COLORS = ("cyan", "magenta", "yellow", "green", "blue", "red")
LABEL = 10  # columns


@dataclass(frozen=True)
class Canvas:
    """A terminal: its columns, and whether it has ASCII alone."""

    width: int
    ascii_only: bool

    @property
    def shades(self) -> str:
        """From none to full."""
        return ".-+*#" if self.ascii_only else "·░▒▓█"

    def shade(self, share: float, columns: int) -> Line:
        """A cell that is the darker the larger the share."""
        level = min(int(5 * share**0.5), 4)
        mark = self.shades[level]
        return Line(mark * columns if level else mark.rjust(columns), "cyan" if level else "dim")

    def bar(self, share: float, columns: int) -> Line:
        """A bar as long as the share of these columns, as exact as the terminal allows."""
        if self.ascii_only:
            return Line(("#" * round(share * columns)).ljust(columns), "cyan")
        whole, rest = divmod(round(8 * share * columns), 8)
        end = " ▏▎▍▌▋▊▉"[rest].strip()
        return Line(("█" * whole + end).ljust(columns), "cyan")

    def token(self, piece: str, columns: int = LABEL) -> str:
        """A token whose spaces and line breaks are seen, cut and filled up to the columns."""
        space, end = ("_", "\\n") if self.ascii_only else ("␣", "⏎")
        piece = piece.replace(" ", space).replace("\n", end)
        piece = "".join(c if c.isprintable() else "?" for c in piece)
        return set_cell_size(piece, columns)


# What of the shipped model several pictures need.


@cache
def _tokenizer() -> Tokenizer:
    return Tokenizer(FOLDER)


@cache
def _weights() -> dict[str, np.ndarray]:
    return read_weights(FOLDER, read_config(FOLDER))


def _module(architecture: type[Module], config: GPT2Config, prefix: str) -> Module:
    """A module of the model, uncompiled, with the weights whose names begin with prefix."""
    module = empty_model(config, CPU(), architecture)
    module.load_state_dict({name: _weights()[prefix + name] for name, _ in module.parameters})
    return module


def _ids(ids: Sequence[int] | np.ndarray) -> Tensor:
    """ids `[seq]` or `[batch, seq]` -> int64 `[batch, seq]`."""
    return Tensor(np.atleast_2d(np.array(ids)), dtype=DType.int64, device=CPU())


def _array(compute: Callable[[], Tensor]) -> np.ndarray:
    """What is computed, lazily, which is faster than eagerly; float64."""
    with F.lazy():
        tensor = compute()
    return np.from_dlpack(tensor.to(CPU())).astype(np.float64)


def _next_logits(text: str) -> tuple[list[int], np.ndarray]:
    """A text's ids, as many as the model sees at once, and the logits behind them."""
    config = read_config(FOLDER)
    ids = _tokenizer().encode_prompt(text)[-config.n_positions :]
    model = _module(GPT2LMHeadModel, config, "")
    return ids, _array(lambda: model(_ids(ids))[0, -1])


def _quoted(canvas: Canvas, text: str) -> str:
    """A text in a title."""
    shown = canvas.token(text, len(text) + text.count("\n")).strip()
    return f'"{shown}"' if len(shown) < 50 else f'"... {shown[-45:]}"'


def _title(text: str) -> Line:
    return Line(text, "bold")


def _rows(*rows: Line) -> Line:
    """Lines below one another, none of them wrapped."""
    return Line("\n", no_wrap=True).join(rows)


def mask(canvas: Canvas, text: str) -> Iterator[Line]:
    """Step 2: who may look at whom."""
    words = text.split()[: (canvas.width - LABEL - 4) // 3]
    if not words:
        raise UserError("a mask of no words: give a few")
    yield _title("Step 2: who may look at whom")
    yield _mask(canvas, words, 0)
    yield Line(
        f"Each row is a word that looks, each column one that is looked at. {canvas.shades[4] * 2} "
        f"adds 0 to the score; {canvas.shades[0]} adds minus infinity, and the softmax makes it 0."
    )
    if (past := len(words) - 2) > 0:
        yield Line(f"With the first {past} in a cache, past_length={past}, two are left to look:")
        yield _mask(canvas, words, past)


def _mask(canvas: Canvas, words: Sequence[str], past: int) -> Line:
    options = {"dtype": DType.float32, "device": CPU()}
    hidden = _array(lambda: causal_mask(len(words) - past, past, **options)) < 0  # [new, total]
    head = Line(" " * (LABEL + 4) + "".join(f"{place:<3}" for place in range(1, len(words) + 1)))
    rows = [head]
    for place, row in enumerate(hidden, past):
        cells = (canvas.shade(0.0 if cell else 1.0, 2).append(" ") for cell in row)
        name = canvas.token(words[place])
        rows.append(Line(f"{place + 1:2}  {name}").append_text(Line().join(cells)))
    return _rows(*rows)


def nearest(canvas: Canvas, text: str) -> Iterator[Line]:
    """Step 5: the tokens whose vectors point in nearly the same direction."""
    columns = 20
    config, tokenizer = read_config(FOLDER), _tokenizer()
    ids = tokenizer.encode(f" {text.strip()}")[: canvas.width // columns] if text.strip() else []
    if not ids:
        raise UserError("the nearest tokens to no word: give one")
    embedding = _module(TokenEmbedding, config, "transformer.wte.")
    (table,) = _array(lambda: embedding(_ids(range(config.vocab_size))))  # [vocab_size, n_embd]
    table /= np.linalg.norm(table, axis=-1, keepdims=True)
    cosines = table[ids] @ table.T  # [len(ids), vocab_size]
    order = np.argsort(-cosines, axis=-1, kind="stable")[:, 1 : LIKELIEST + 1]
    yield _title("Step 5: the tokens whose vectors point the way theirs does, by the cosine")
    rows = [Line().join(Line(canvas.token(tokenizer.decode([i]), columns), "bold") for i in ids)]
    for places in order.T:
        row = Line()
        for token, cosine in zip(places, cosines, strict=True):
            name = canvas.token(tokenizer.decode([int(token)]), 9)
            row.append(f"{name}{cosine[token]:.2f} ").append_text(canvas.bar(cosine[token], 5))
            row.append(" ")
        rows.append(row)
    yield _rows(*rows)


def heads(canvas: Canvas, text: str) -> Iterator[Line]:
    """Step 7: where each head of a block looks."""
    config, tokenizer = read_config(FOLDER), _tokenizer()
    longest = min((canvas.width - LABEL - 2) // 2, config.head_dim)
    ids = tokenizer.encode_prompt(text)[:longest]
    layers = _attention(ids, config)  # [n_layer, n_head, seq, seq]
    habits = {
        "itself": layers.diagonal(0, 2, 3)[..., 2:].mean(-1),
        "the token before": layers.diagonal(-1, 2, 3)[..., 1:].mean(-1),
        "the first token": layers[..., 2:, 0].mean(-1),
    } if len(ids) > 2 else {"itself": layers.diagonal(0, 2, 3).mean(-1)}  # each [n_layer, n_head]
    shares = np.array(list(habits.values())).max(0)
    layer = int(shares.sum(-1).argmax())
    cell = 2 if LABEL + 2 * (2 * len(ids) + 2) <= canvas.width else 1
    wide = max(cell * len(ids), 24) + 2
    across = (canvas.width - LABEL) // wide
    yield _title(f"Step 7: where the heads of block {layer + 1} of {config.n_layer} look")
    names = [canvas.token(tokenizer.decode([token])) for token in ids]
    for first in range(0, config.n_head, across):
        group = range(first, min(first + across, config.n_head))
        heading = Line(" " * LABEL)
        for head in group:
            habit = max(habits, key=lambda name, head=head: habits[name][layer, head])
            words = f"{head + 1}: {habit} {shares[layer, head]:.0%}"
            heading.append(words.ljust(wide), "bold")
        rows = [heading]
        for place, name in enumerate(names):
            row = Line(name)
            for head in group:
                looks = layers[layer, head, place, : place + 1]
                cells = Line().join(canvas.shade(share, cell) for share in looks)
                row.append_text(cells).append(" " * (wide - cell * (place + 1)))
            rows.append(row)
        yield _rows(*rows)
    marks = zip(canvas.shades[1:], (4, 16, 36, 64), strict=True)
    yield Line(
        "Each row is a token that looks, and its columns the tokens up to itself: "
        f"{', '.join(f'{mark} from {share}%' for mark, share in marks)} of its attention. Of the "
        f"{config.n_layer} blocks, this one's heads have the plainest habits."
    )


def _attention(ids: list[int], config: GPT2Config) -> np.ndarray:
    """What each query takes from each key, `[n_layer, n_head, seq, seq]`.

    `attend` mixes the values by these shares: where the values are an identity, they come out.
    """
    model = _module(GPT2Model, config, "transformer.")
    shape = (1, config.n_head, len(ids), config.head_dim)
    identity = np.broadcast_to(np.eye(*shape[2:], dtype=np.float32), shape).copy()
    value = Tensor(identity, dtype=DType.float32, device=CPU())
    layers = []
    with F.lazy():
        x = model.wte(_ids(ids)) + model.wpe(_ids(ids))
        hidden = causal_mask(len(ids), dtype=DType.float32, device=CPU())
        for block in model.h:
            attention = block.attn
            query, key, _ = F.split(attention.c_attn(block.ln_1(x)), [config.n_embd] * 3, axis=-1)
            split = attention.split_heads(query), attention.split_heads(key)
            layers.append(attention.attend(*split, value, hidden))
            x = block(x)
    return np.array([np.from_dlpack(layer.to(CPU()))[0, ..., : len(ids)] for layer in layers])


def depths(canvas: Canvas, text: str) -> Iterator[Line]:
    """Step 10: what the model would say if it ended behind each block.

    Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
    """
    config, tokenizer = read_config(FOLDER), _tokenizer()
    ids = _ids(tokenizer.encode_prompt(text)[-config.n_positions :])
    guesses = []  # [n_layer + 1, vocab_size]
    for depth in range(config.n_layer + 1):
        model = _module(GPT2Model, replace(config, n_layer=depth), "transformer.")
        logits = _array(lambda model=model: (model(ids) @ model.wte.weight.T)[0, -1])
        guesses.append(softmax(logits))
    last = int(guesses[-1].argmax())
    yield _title(f"Step 10: what follows {_quoted(canvas, text)}, if the model ended here")
    word = canvas.token(tokenizer.decode([last])).strip()
    wide = canvas.width - 44
    rows = []
    for depth, chances in enumerate(guesses):
        token = int(chances.argmax())
        place = 1 + np.count_nonzero(chances > chances[last])
        row = Line(f"block {depth}  " if depth else "no block ")
        row.append(canvas.token(tokenizer.decode([token])), "bold" if token == last else "")
        row.append_text(canvas.bar(chances[token], wide)).append(f" {chances[token]:4.0%}")
        rows.append(row.append(f"   {word} is number {place}", "dim"))
    yield _rows(*rows)


def likeliest(canvas: Canvas, text: str) -> Iterator[Line]:
    """Step 11: what comes next, and how well the model knows a text it has never seen."""
    ids, logits = _next_logits(text)
    chances = softmax(logits)
    yield _title(f"Step 11: what comes after {_quoted(canvas, text)}")
    rows = []
    for token in np.argsort(-chances, kind="stable")[:LIKELIEST]:
        row = Line(canvas.token(_tokenizer().decode([int(token)])))
        row.append_text(canvas.bar(chances[token], canvas.width - LABEL - 8))
        rows.append(row.append(f" {chances[token]:6.1%}"))
    yield _rows(*rows)
    config = read_config(FOLDER)
    count, uniform = WINDOWS * config.n_positions, np.log(config.vocab_size)
    loss = passage_loss(config)
    yield _title(f"The loss on {count:,} tokens of {PASSAGE.name}, which nobody trained it on")
    rows = []
    for name, nats in (("even chances", uniform), ("this model", loss)):
        row = Line(f"{name:<13}").append_text(canvas.bar(nats / uniform, canvas.width - 53))
        rows.append(row.append(f" {nats:.2f} nats per token, perplexity {np.exp(nats):,.1f}"))
    yield _rows(*rows)


def passage_loss(config: GPT2Config) -> float:
    """The mean of -ln(probability of what really comes next), in nats, over WINDOWS contexts."""
    ids = np.array(_tokenizer().encode(PASSAGE.read_text(encoding="utf-8")))
    windows = ids[: WINDOWS * config.n_positions].reshape(WINDOWS, -1)
    following = ids[1 : windows.size + 1].reshape(windows.shape)
    model = _module(GPT2LMHeadModel, config, "")
    logits = _array(lambda: model(_ids(windows)))  # [WINDOWS, n_positions, vocab_size]
    logits -= logits.max(-1, keepdims=True)
    chosen = np.take_along_axis(logits, following[..., None], axis=-1)[..., 0]
    return float(np.mean(np.log(np.exp(logits).sum(-1)) - chosen))


def strategies(canvas: Canvas, text: str) -> Iterator[Line]:
    """Step 14: a distribution, and what each strategy makes of it."""
    ids, logits = _next_logits(text)
    ways = {
        "as it is": logits,
        "top_k 5": top_k(logits, 5),
        "top_p 0.5": top_p(logits, 0.5),
        "min_p 0.2": min_p(logits, 0.2),
        "penalty 1.5": repetition_penalty(logits, ids, 1.5),
    }
    chances = {name: softmax(result) for name, result in ways.items()}
    likely = np.argsort(-logits, kind="stable")[:LIKELIEST]
    most = max(shares.max() for shares in chances.values())
    wide = (canvas.width - LABEL) // len(ways)
    yield _title(f"Step 14: what comes after {_quoted(canvas, text)}, by each strategy")
    rows = [Line(" " * LABEL + "".join(name.ljust(wide) for name in ways), "bold")]
    for token in likely:
        row = Line(canvas.token(_tokenizer().decode([int(token)])))
        for shares in chances.values():
            if shares[token] == 0:
                row.append(canvas.shades[0].ljust(wide), "dim")
            else:
                row.append_text(canvas.bar(shares[token] / most, wide - 5))
                row.append(f"{shares[token]:4.0%} ")
        rows.append(row)
    yield _rows(*rows)
    kept = (f"{name} {np.count_nonzero(shares)}" for name, shares in chances.items())
    yield Line(f"How many of {len(logits)} tokens may come: {', '.join(kept)}.")


def speeds(canvas: Canvas, text: str) -> Iterator[Line]:
    """Step 15: a text that grows, with a cache and without."""
    config = read_config(FOLDER)
    prompt = _tokenizer().encode_prompt(text)[-(config.n_positions - WRITTEN) :]
    model, engine = load_model(FOLDER, config, CPU()), Engine(FOLDER, config, CPU(), kernels=False)
    model(_ids(prompt))
    engine.forward(engine.new_cache(np.zeros(1, np.int64)), np.array([prompt]))  # both are warm
    ids, cached = list(prompt), engine.new_cache(np.zeros(1, np.int64))
    seconds = np.empty((2, WRITTEN))
    for place in range(WRITTEN):
        times = [time.perf_counter()]
        logits = np.from_dlpack(model(_ids(ids)).to(CPU()))[0, -1]
        times.append(time.perf_counter())
        engine.forward(cached, np.array([ids[cached.length :]]))
        times.append(time.perf_counter())
        seconds[:, place] = np.diff(times)
        ids.append(int(logits.argmax()))
    parts = seconds.reshape(2, STRETCHES, -1)
    rates = parts.shape[-1] / parts.sum(-1)  # [2, STRETCHES], tokens per second
    yield _title(f"Step 15: tokens per second, {WRITTEN} after {_quoted(canvas, text)}")
    wide = (canvas.width - 26) // 2
    rows = [Line(f"{'tokens':<12}{'without':<{wide + 7}}with a cache", "bold")]
    for part, pair in enumerate(rates.T):
        row = Line(f"{part * parts.shape[-1] + 1:>3} to {(part + 1) * parts.shape[-1]:<5}")
        for rate in pair:
            row.append_text(canvas.bar(rate / rates.max(), wide)).append(f"{rate:6.0f} ")
        rows.append(row)
    yield _rows(*rows)
    without, with_cache = WRITTEN / seconds.sum(-1)
    yield Line(
        f"In all: {without:.0f} tokens per second without, {with_cache:.0f} with. Each token was "
        "computed both ways in turn; without a cache it costs the more, the longer the text is."
    )


def timeline(canvas: Canvas, text: str) -> Iterator[Line]:
    """Step 19: a row for each text, a column for each step, and who holds which page."""
    words = [word[: PAGE * (PAGES - 2) // 3] for word in text.split()[:26]]
    if not words:
        raise UserError("a batch of no texts: give a few words, each of which is one")
    reads, writes = canvas.shades[4], canvas.shades[2]
    table = PageTable(PAGES, PAGE)
    scheduler = Scheduler(table, BATCH)
    texts = [Text([ord(letter) for letter in word]) for word in words]
    goals = {text: 2 * len(text.ids) + 4 for text in texts}
    scheduler.waiting += texts
    marks = {text: "" for text in texts}
    pages = [Line() for _ in range(PAGES)]
    names = {text: chr(ord("A") + place) for place, text in enumerate(texts)}
    styles = {text: COLORS[place % len(COLORS)] for place, text in enumerate(texts)}
    for _ in range(canvas.width - LABEL - 4):
        before = list(scheduler.running)
        prefill, decode = scheduler.step()
        for text in texts:
            mark = reads if text in prefill else writes if text in decode else " "
            if text in scheduler.waiting:
                mark = "x" if text in before else "."
            marks[text] += mark
        for page, row in enumerate(pages):
            holders = [text for text, held in table.pages.items() if page in held]
            letter = names[holders[0]] if len(holders) == 1 else "+" if holders else "."
            row.append(letter, styles[holders[0]] if holders else "dim")
        for text in prefill + decode:
            text.read += min(CHUNK, len(text.ids) - text.read)
            if text.read == len(text.ids) == goals[text]:
                scheduler.finish(text)
            elif text.read == len(text.ids):
                text.ids.append(0)
        if not scheduler.running and not scheduler.waiting:
            break
    yield _title("Step 19: each word is a text, and its letters are the tokens to read")
    yield _rows(
        *(
            Line(f"{names[text]} {canvas.token(word)}").append(marks[text], styles[text])
            for text, word in zip(texts, words, strict=True)
        )
    )
    yield Line(
        f". waits   {reads} is read, {CHUNK} tokens a step   {writes} writes one   "
        "x gives way, and is read again"
    )
    yield _rows(*(Line(f"  page {page:<5}").append_text(row) for page, row in enumerate(pages)))
    yield Line(
        f"Who holds which of the {PAGES} pages of {PAGE} tokens, step by step; + is held by several."
    )


DRAWINGS = {
    2: mask,
    5: nearest,
    7: heads,
    10: depths,
    11: likeliest,
    14: strategies,
    15: speeds,
    19: timeline,
}
