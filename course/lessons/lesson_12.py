"""Step 12: text generation."""

from collections.abc import Callable

import numpy as np
from max.experimental.tensor import Tensor

from course.evidence import Frequencies
from course.lesson import Experiment, Kind, Lesson, Misconception
from course.subject import Subject, as_array
from solutions.solution_01 import GPT2Config

N_POSITIONS = 6
DRAWS = 60
FLAT = (0.0,) * 50  # logits of fifty tokens, all as likely
STEEP = (0.0, 8.0, 16.0, 24.0)  # at temperature 8: 3, 9, 24 and 64 percent
GENTLE = (0.0, 0.5, 0.2, 0.1)  # token 1 is the likeliest, but not by much
TEXT = np.array([[1, 0, 3]])
LONG_TEXT = np.array([[1, 0, 3, 2, 2, 0, 1, 3, 1]])  # longer than N_POSITIONS


class ToyModel:
    """A model that needs no weights: quick, and with logits that are known.

    Args:
        last: the logits at the last position; the same ones, turned round, stand at the others.
            None: logits that depend on all the tokens shown, and favour one clearly.
    """

    def __init__(self, last: tuple[float, ...] | None = None) -> None:
        self.last = last
        vocab_size = len(last) if last else 4
        self.config = GPT2Config(
            vocab_size=vocab_size, n_positions=N_POSITIONS, n_embd=8, n_layer=1, n_head=2
        )
        self.longest = 0  # the most tokens it was ever shown

    def __call__(self, input_ids: Tensor) -> Tensor:
        """ids `[1, seq]` -> logits `[1, seq, vocab_size]`."""
        ids = as_array(input_ids)
        self.longest = max(self.longest, ids.shape[1])
        return Tensor.from_dlpack(self._logits(ids)[None])

    def _logits(self, ids: np.ndarray) -> np.ndarray:
        length = ids.shape[1]
        if self.last:
            return np.array([self.last[::-1]] * (length - 1) + [self.last], np.float32)
        logits = np.zeros((length, 4), np.float32)
        # Every token counts, by its place: to leave one out changes the favourite.
        weights = np.arange(2, length + 2) ** 2
        favourite = (np.cumsum(ids[0] * weights) + weights) // 3 % 4
        logits[np.arange(length), favourite] = 5.0
        return logits


class WatchedGenerator(np.random.Generator):
    """NumPy's generator, which remembers the probabilities that `choice` drew with."""

    def __init__(self, seed: int) -> None:
        super().__init__(np.random.PCG64(seed))
        self.probabilities: np.ndarray | None = None

    def choice(self, a: int, *, p: np.ndarray | None = None) -> object:
        self.probabilities = np.full(a, 1 / a) if p is None else p
        return super().choice(a, p=p)


def _next(subject: Subject, model: ToyModel, **options: object) -> np.ndarray:
    return as_array(subject.step.generate_next_token(model, Tensor.from_dlpack(TEXT), **options))


def _generate(
    subject: Subject, text: np.ndarray, count: int, model: ToyModel | None = None, **options: object
) -> np.ndarray:
    ids = Tensor.from_dlpack(text.copy())
    return as_array(subject.step.generate(model or ToyModel(), ids, count, **options))


def _frequencies(logits: tuple[float, ...], temperature: float, draws: int) -> Experiment:
    """How often each token is drawn; of our own code, one draw tells the probabilities."""

    def draw(subject: Subject, rng: np.random.Generator) -> int:
        return int(_next(subject, ToyModel(logits), temperature=temperature, rng=rng).item())

    def run(subject: Subject) -> Frequencies:
        if subject.is_readers:
            rng = np.random.default_rng(20)
            tokens = [draw(subject, rng) for _ in range(draws)]
            return Frequencies(np.bincount(tokens, minlength=len(logits)))
        watched = WatchedGenerator(20)
        counts = np.bincount([draw(subject, watched)], minlength=len(logits))
        if watched.probabilities is None:  # whatever chose the token, it was not rng
            return Frequencies(counts, counts.astype(float))
        return Frequencies(counts, watched.probabilities)

    return Experiment(f"{draws} draws at temperature {temperature:g}", run)


def _draw_twice(subject: Subject, first: int | None, second: int | None) -> str:
    """How two runs of eight draws compare, from rngs with these seeds."""
    runs = []
    for seed in (first, second):
        rng = None if seed is None else np.random.default_rng(seed)
        runs.append([int(_next(subject, ToyModel(FLAT), rng=rng).item()) for _ in range(8)])
    if not any(runs[0]):
        return "token 0 each time"
    return "the same tokens" if runs[0] == runs[1] else "other tokens"


def _generate_twice(subject: Subject) -> str:
    """How two generations under one seed compare."""
    first, second = (
        _generate(subject, TEXT, 6, ToyModel(FLAT), rng=np.random.default_rng(4)) for _ in range(2)
    )
    return "the same tokens" if np.array_equal(first, second) else "other tokens"


def _greedy_tokens(**options: object) -> Callable[[Subject], str]:
    """Which tokens are chosen when the likeliest one should be, time after time."""

    def run(subject: Subject) -> str:
        rng = np.random.default_rng(6)
        tokens = [_next(subject, ToyModel(GENTLE), rng=rng, **options).item() for _ in range(8)]
        return "the likeliest each time" if set(tokens) == {1} else "others too"

    return run


def _greedy_text(**options: object) -> Callable[[Subject], str]:
    """The same, of `generate`."""

    def run(subject: Subject) -> str:
        rng = np.random.default_rng(6)
        text = _generate(subject, TEXT, 8, ToyModel(GENTLE), rng=rng, **options)
        return "the likeliest each time" if (text[:, 3:] == 1).all() else "others too"

    return run


def _refused(subject: Subject) -> str:
    _next(subject, ToyModel(), temperature=-1.0, rng=np.random.default_rng(0))
    return "a token"


def _longest_input(subject: Subject) -> str:
    model = ToyModel()
    _generate(subject, LONG_TEXT, 1, model, do_sample=False)
    return f"{model.longest} tokens"


AXES = ("batch", "position")
NO_TEMPERATURE = (
    "The temperature changes nothing. It has to divide the logits, before the softmax: dividing "
    "the probabilities cancels out."
)
CROP = "too_many = int(input_ids.shape[1]) - config.n_positions if config else 0"
LAST = "logits = model(input_ids)[0, -1]"
GREEDY = "if not do_sample or temperature == 0:"
SCALED = "astype(np.float64) / temperature"
NEW_RNG = "rng = np.random.default_rng() if rng is None else rng"
CALL = "model, input_ids, temperature=temperature, do_sample=do_sample, rng=rng"
CONCAT = "input_ids = F.concat([input_ids, token.reshape([1, 1])], axis=1)"

LESSON = Lesson(
    number=12,
    title="Text generation",
    defines={"generate_next_token": Kind.FUNCTION, "generate": Kind.FUNCTION},
    hints=(
        "Only the logits of the last position matter: they are about the token that is still "
        "missing. Divided by the temperature and put through a softmax, they are probabilities, "
        "and NumPy can draw by them. Greedy means to take the largest, without drawing. Whatever "
        "is longer than n_positions is cut at its beginning, for the model's eyes only.",
        "`model(input_ids)[0, -1]` is `[vocab_size]`. `F.argmax` keeps the axis, so reshape its "
        "result to `[]`. `np.from_dlpack(tensor.to(CPU()))` makes an array; subtract its maximum "
        "before `np.exp`. `rng.choice(n, p=probabilities)` draws. "
        "`Tensor.from_dlpack(np.array(token))` makes a scalar tensor; `F.concat` needs it "
        "as `[1, 1]`.",
        "In order: ValueError if temperature < 0; `input_ids[:, length - n_positions :]` where "
        "length is larger (a slice that begins below 0 is an error in MAX); logits; "
        "`if not do_sample or temperature == 0: return F.argmax(logits).reshape([])`; softmax of "
        "logits / temperature in float64; draw. generate is a loop of two lines that hands all "
        "options on.",
    ),
    kernels=5,
    experiments=(
        Experiment(
            "generate_next_token(do_sample=False)",
            lambda subject: _next(subject, ToyModel(), do_sample=False),
            (),
        ),
        Experiment(
            "generate_next_token(temperature=0)",
            lambda subject: _next(subject, ToyModel(), temperature=0.0),
            (),
        ),
        Experiment(
            "generate_next_token(), one token to choose from",
            lambda subject: _next(subject, ToyModel((3.0,))),
            (),
        ),
        Experiment("generate_next_token(temperature=-1)", _refused),
        Experiment("8 tokens with do_sample=False", _greedy_tokens(do_sample=False)),
        _frequencies(STEEP, 8.0, DRAWS),
        _frequencies((0.0, 9.0, 3.0), 0.01, 24),
        Experiment("8 draws twice, one seed", lambda subject: _draw_twice(subject, 3, 3)),
        Experiment("8 draws twice, two seeds", lambda subject: _draw_twice(subject, 3, 4)),
        Experiment("8 draws twice, rng=None", lambda subject: _draw_twice(subject, None, None)),
        Experiment(
            "generate(3 tokens, 2 more, do_sample=False)",
            lambda subject: _generate(subject, TEXT, 2, do_sample=False),
            AXES,
        ),
        Experiment("generate(3 tokens, 0 more)", lambda subject: _generate(subject, TEXT, 0), AXES),
        Experiment("generate(3 tokens, 8 more, do_sample=False)", _greedy_text(do_sample=False)),
        Experiment("generate(3 tokens, 8 more, temperature=0.001)", _greedy_text(temperature=0.001)),
        Experiment("generate twice, one seed", _generate_twice),
        Experiment(f"the most that a model of {N_POSITIONS} positions is shown", _longest_input),
        Experiment(
            f"generate(9 tokens, 3 more) with {N_POSITIONS} positions",
            lambda subject: _generate(subject, LONG_TEXT, 3, do_sample=False),
            AXES,
        ),
    ),
    misconceptions=(
        Misconception(
            "The temperature multiplies: it is to divide, so that a low one makes the differences "
            "larger and the choice safer.",
            {SCALED: "astype(np.float64) * temperature"},
        ),
        Misconception(
            NO_TEMPERATURE,
            {SCALED: "astype(np.float64)"},
        ),
        Misconception(
            NO_TEMPERATURE,
            {
                SCALED: "astype(np.float64)",
                "probabilities = exponentials / exponentials.sum()": (
                    "probabilities = exponentials / temperature; "
                    "probabilities /= probabilities.sum()"
                ),
            },
        ),
        Misconception(
            "The softmax acts twice: what it gets the second time are probabilities already, all "
            "close to each other.",
            {
                "probabilities = exponentials / exponentials.sum()": (
                    "probabilities = np.exp(exponentials / exponentials.sum()); "
                    "probabilities /= probabilities.sum()"
                )
            },
        ),
        Misconception(
            "All tokens are as likely: the logits have no say in the draw.",
            {"rng.choice(len(probabilities), p=probabilities)": "rng.choice(len(probabilities))"},
        ),
        Misconception(
            "The likeliest token is taken each time: with do_sample, the others get their share.",
            {GREEDY: "if True:"},
        ),
        Misconception(
            "do_sample=False still draws.",
            {GREEDY: "if temperature == 0:"},
        ),
        Misconception(
            "A temperature of 0 is divided by: it means greedy.",
            {GREEDY: "if not do_sample:"},
        ),
        Misconception(
            "A temperature below 0 is accepted: it would favour the worst token.",
            {"if temperature < 0:": "if False:"},
        ),
        Misconception(
            "A temperature of 0 is refused: it means greedy.",
            {"if temperature < 0:": "if temperature <= 0:"},
        ),
        Misconception(
            "These are the logits of the first position: the last one is about the token that is "
            "still missing.",
            {LAST: "logits = model(input_ids)[0, 0]"},
        ),
        Misconception(
            "These are the logits of the position before the last: they are about the last token, "
            "which is known.",
            {LAST: "logits = model(input_ids)[0, -2]"},
        ),
        Misconception(
            "rng is not used: the same seed has to give the same tokens.",
            {NEW_RNG: "rng = np.random.default_rng()"},
        ),
        Misconception(
            "Without an rng, the same tokens are drawn each time: None asks for a fresh one.",
            {NEW_RNG: "rng = np.random.default_rng(0) if rng is None else rng"},
        ),
        Misconception(
            "One seed serves every draw, whatever rng says.",
            {NEW_RNG: "rng = np.random.default_rng(0)"},
        ),
        Misconception(
            "The model is shown the whole text, however long: it has positions for n_positions "
            "tokens only.",
            {CROP: "too_many = 0"},
        ),
        Misconception(
            "The first n_positions tokens are kept, and the last ones dropped: it is the end of "
            "the text that tells what comes next.",
            {"input_ids = input_ids[:, too_many:]": "input_ids = input_ids[:, : config.n_positions]"},
        ),
        Misconception(
            "One token too many is cut off: the model can see n_positions of them.",
            {CROP: CROP.replace("config.n_positions if", "config.n_positions + 1 if")},
        ),
        Misconception(
            "What was cut off is lost: the result is the whole text, and only the model sees less.",
            {
                CONCAT: CONCAT + "\n        config = model.config\n"
                "        input_ids = input_ids[:, max(0, "
                "int(input_ids.shape[1]) - config.n_positions) :]"
            },
        ),
        Misconception(
            "The token has an axis: a scalar has none, its shape is [].",
            {
                "return F.argmax(logits).reshape([])": "return F.argmax(logits)",
                "np.array(token, dtype=np.int64)": "np.array([token], dtype=np.int64)",
            },
        ),
        Misconception(
            "F.argmax keeps the axis: a scalar has none, its shape is [].",
            {"return F.argmax(logits).reshape([])": "return F.argmax(logits)"},
        ),
        Misconception(
            "The drawn token is not int64, as ids are.",
            {"dtype=np.int64": "dtype=np.int32"},
        ),
        Misconception(
            "New tokens are put in front of the text: they belong to its end.",
            {"[input_ids, token.reshape([1, 1])]": "[token.reshape([1, 1]), input_ids]"},
        ),
        Misconception(
            "The given text is missing from the result: it is the text and what follows it.",
            {
                "    for _ in range(max_new_tokens):": (
                    "    given = int(input_ids.shape[1])\n    for _ in range(max_new_tokens):"
                ),
                "axis=1)\n    return input_ids": "axis=1)\n    return input_ids[:, given:]",
            },
        ),
        Misconception(
            "One token too few: max_new_tokens counts the new ones.",
            {"range(max_new_tokens)": "range(max_new_tokens - 1)"},
        ),
        Misconception(
            "max_new_tokens is taken for the length of the whole text: it counts the new ones.",
            {"range(max_new_tokens)": "range(max_new_tokens - int(input_ids.shape[1]))"},
        ),
        Misconception(
            "generate does not hand do_sample on.",
            {CALL: CALL.replace("do_sample=do_sample, ", "")},
        ),
        Misconception(
            "generate does not hand the temperature on.",
            {CALL: CALL.replace("temperature=temperature, ", "")},
        ),
        Misconception(
            "generate does not hand rng on: the same seed has to give the same text.",
            {CALL: CALL.replace(", rng=rng", "")},
        ),
    ),
)
