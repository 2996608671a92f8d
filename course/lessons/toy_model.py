"""What step 12 is tried with: a model of a few tokens, and what a reader's code makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Experiment
from course.outcomes import Frequencies
from solutions.solution_01 import GPT2Config

if TYPE_CHECKING:
    from max.experimental.tensor import Tensor

    from course.subject import Subject

N_POSITIONS = 6
DRAWS = 45
FLAT = (0.0,) * 1000  # logits of so many tokens that two draws are hardly ever equal
STEEP = (0.0, 100.0, 200.0, 300.0)  # at temperature 100: 3, 9, 24 and 64 percent
GENTLE = (0.0, 0.5, *(0.0,) * 998)  # token 1 is the likeliest, but hardly ever drawn
TEXT = np.array([[1, 0, 3]])
LONG_TEXT = np.array([[1, 0, 3, 2, 2, 0, 1, 3, 1]])  # longer than N_POSITIONS


class ToyModel:
    """A model that needs no weights: quick, and with logits that are known.

    Args:
        subject: makes arrays of tensors, and tensors of arrays.
        last: the logits at the last position; the same ones, turned round, stand at the others.
            None: logits that depend on all the tokens shown, and favour one clearly.
    """

    def __init__(self, subject: Subject, last: tuple[float, ...] | None = None) -> None:
        self._subject = subject
        self._last = last
        vocab_size = len(last) if last else 4
        self.config = GPT2Config(
            vocab_size=vocab_size, n_positions=N_POSITIONS, n_embd=8, n_layer=1, n_head=2
        )
        self.longest = 0  # the most tokens it was ever shown

    def __call__(self, input_ids: Tensor) -> Tensor:
        """ids `[1, seq]` -> logits `[1, seq, vocab_size]`."""
        ids = self._subject.array(input_ids)
        self.longest = max(self.longest, ids.shape[1])
        return self._subject.tensor(self._logits(ids)[None])

    def _logits(self, ids: np.ndarray) -> np.ndarray:
        length = ids.shape[1]
        if self._last:
            return np.array([self._last[::-1]] * (length - 1) + [self._last], np.float32)
        logits = np.zeros((length, 4), np.float32)
        # Every token counts, by its place: to leave one out changes the favourite.
        weights = np.arange(2, length + 2) ** 2
        favourite = (np.cumsum(ids[0] * weights) + weights) // 3 % 4
        logits[np.arange(length), favourite] = 50.0
        return logits


class WatchedGenerator(np.random.Generator):
    """NumPy's generator, which remembers the probabilities that our own code drew with."""

    def __init__(self, seed: int) -> None:
        super().__init__(np.random.PCG64(seed))
        self.probabilities: np.ndarray | None = None

    def choice(self, a: int, *, p: np.ndarray | None = None) -> object:
        self.probabilities = np.full(a, 1 / a) if p is None else p
        return super().choice(a, p=p)


def next_token(subject: Subject, model: ToyModel, **options: object) -> np.ndarray:
    token = subject.step.generate_next_token(model, subject.tensor(TEXT), **options)
    return subject.array(token)


def continuation(
    subject: Subject, text: np.ndarray, count: int, model: ToyModel | None = None, **options: object
) -> np.ndarray:
    model = model or ToyModel(subject)
    return subject.array(subject.step.generate(model, subject.tensor(text), count, **options))


def frequencies(logits: tuple[float, ...], temperature: float, draws: int) -> Experiment:
    """How often each token is drawn; of our own code, one draw tells the probabilities."""

    def draw(subject: Subject, rng: np.random.Generator, count: int) -> np.ndarray:
        tokens = [
            int(
                next_token(
                    subject, ToyModel(subject, logits), temperature=temperature, rng=rng
                ).item()
            )
            for _ in range(count)
        ]
        return np.bincount(tokens, minlength=len(logits))

    def run(subject: Subject) -> Frequencies:
        if not subject.is_readers:
            watched = WatchedGenerator(20)
            counts = draw(subject, watched, 1)
            if watched.probabilities is not None:
                return Frequencies(counts, watched.probabilities)
        return Frequencies(draw(subject, np.random.default_rng(20), draws))

    return Experiment(f"{draws} draws at temperature {temperature:g}", run)


def draw_twice(subject: Subject, first: int | None, second: int | None) -> str:
    """How two runs of two draws compare, from rngs with these seeds."""
    model = ToyModel(subject, FLAT)
    runs = []
    for seed in (first, second):
        rng = None if seed is None else np.random.default_rng(seed)
        runs.append([next_token(subject, model, rng=rng).item() for _ in range(2)])
    if not any(runs[0]):
        return "token 0 each time"
    return "the same tokens" if runs[0] == runs[1] else "other tokens"


def generate_twice(subject: Subject) -> str:
    """How two generations under one seed compare."""
    model = ToyModel(subject, FLAT)
    runs = [
        continuation(subject, TEXT, 2, model, rng=np.random.default_rng(4)).tolist()
        for _ in range(2)
    ]
    return "the same tokens" if runs[0] == runs[1] else "other tokens"


def greedy_tokens(**options: object) -> Callable[[Subject], str]:
    """Which tokens are chosen when the likeliest one should be, time after time."""

    def run(subject: Subject) -> str:
        model, rng = ToyModel(subject, GENTLE), np.random.default_rng(6)
        tokens = {next_token(subject, model, rng=rng, **options).item() for _ in range(2)}
        return "the likeliest each time" if tokens == {1} else "others too"

    return run


def greedy_text(**options: object) -> Callable[[Subject], str]:
    """The same, of `generate`."""

    def run(subject: Subject) -> str:
        rng = np.random.default_rng(6)
        text = continuation(subject, TEXT, 2, ToyModel(subject, GENTLE), rng=rng, **options)
        return "the likeliest each time" if (text[:, 3:] == 1).all() else "others too"

    return run


def negative_temperature(*, do_sample: bool) -> Callable[[Subject], str]:
    """What a temperature below 0 comes to."""

    def run(subject: Subject) -> str:
        rng = np.random.default_rng(0)
        next_token(subject, ToyModel(subject), temperature=-1.0, do_sample=do_sample, rng=rng)
        return "a token"

    return run


def longest_input(subject: Subject) -> str:
    model = ToyModel(subject)
    continuation(subject, LONG_TEXT, 1, model, do_sample=False)
    return f"{model.longest} tokens"
