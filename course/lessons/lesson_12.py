"""Step 12: text generation."""

from course.lesson import Experiment, Kind, Lesson, Misconception, about
from course.lessons.toy_model import (
    DRAWS,
    LONG_TEXT,
    N_POSITIONS,
    STEEP,
    TEXT,
    ToyModel,
    continuation,
    draw_twice,
    frequencies,
    generate_twice,
    greedy_text,
    greedy_tokens,
    longest_input,
    negative_temperature,
    next_token,
)

AXES = ("batch", "position")
NO_TEMPERATURE = (
    "The temperature changes nothing. It has to divide the logits, before the softmax: dividing "
    "the probabilities cancels out."
)
TOO_EVEN = (
    "All tokens are about as likely. Either the logits have no say in the draw, or the softmax "
    "acts twice: what it gets the second time lies close together."
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
    kernels=4,
    experiments=(
        *about(
            "generate_next_token",
            Experiment(
                "generate_next_token(do_sample=False)",
                lambda subject: next_token(subject, ToyModel(subject), do_sample=False),
                (),
            ),
            Experiment(
                "generate_next_token(temperature=0)",
                lambda subject: next_token(subject, ToyModel(subject), temperature=0.0),
                (),
            ),
            Experiment(
                "generate_next_token(), one token to choose from",
                lambda subject: next_token(subject, ToyModel(subject, (3.0,))),
                (),
            ),
            Experiment("generate_next_token(temperature=-1)", negative_temperature(do_sample=True)),
            Experiment(
                "generate_next_token(temperature=-1, do_sample=False)",
                negative_temperature(do_sample=False),
            ),
            Experiment("2 tokens with temperature=0.001", greedy_tokens(temperature=0.001)),
            Experiment("2 tokens with do_sample=False", greedy_tokens(do_sample=False)),
            frequencies(STEEP, 100.0, DRAWS),
            frequencies((0.0, 30.0, 10.0), 0.01, 12),
            Experiment("2 draws twice, one seed", lambda subject: draw_twice(subject, 3, 3)),
            Experiment("2 draws twice, two seeds", lambda subject: draw_twice(subject, 3, 4)),
            Experiment("2 draws twice, rng=None", lambda subject: draw_twice(subject, None, None)),
        ),
        *about(
            "generate",
            Experiment(
                "generate(3 tokens, 2 more, do_sample=False)",
                lambda subject: continuation(subject, TEXT, 2, do_sample=False),
                AXES,
            ),
            Experiment(
                "generate(3 tokens, 0 more)", lambda subject: continuation(subject, TEXT, 0), AXES
            ),
            Experiment(
                "generate(3 tokens, 2 more of 1000, do_sample=False)", greedy_text(do_sample=False)
            ),
            Experiment(
                "generate(3 tokens, 2 more of 1000, temperature=0.001)",
                greedy_text(temperature=0.001),
            ),
            Experiment("generate twice, one seed", generate_twice),
            Experiment(f"the most that a model of {N_POSITIONS} positions is shown", longest_input),
            Experiment(
                f"generate(9 tokens, 3 more) with {N_POSITIONS} positions",
                lambda subject: continuation(subject, LONG_TEXT, 3, do_sample=False),
                AXES,
            ),
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
            "np.exp of a large number is infinite: subtract the largest logit first, which "
            "changes no probability.",
            {"np.exp(scaled - scaled.max())": "np.exp(scaled)"},
        ),
        Misconception(
            "A temperature below 0 is accepted when the choice is greedy: it is always a mistake.",
            {"if temperature < 0:": "if temperature < 0 and do_sample:"},
        ),
        Misconception(
            TOO_EVEN,
            {
                "probabilities = exponentials / exponentials.sum()": (
                    "probabilities = np.exp(exponentials / exponentials.sum()); "
                    "probabilities /= probabilities.sum()"
                )
            },
        ),
        Misconception(
            TOO_EVEN,
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
            {"input_ids[:, too_many:]": "input_ids[:, : config.n_positions]"},
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
        Misconception(
            "The batch is still there: the logits of the one text's last position are "
            "[vocab_size].",
            {LAST: "logits = model(input_ids)[:, -1]"},
        ),
        Misconception(
            "One token too many: max_new_tokens counts the new ones.",
            {"range(max_new_tokens)": "range(max_new_tokens + 1)"},
        ),
    ),
)
