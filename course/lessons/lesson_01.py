"""Step 01: the model's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.lesson import Experiment, Kind, Lesson, Misconception

if TYPE_CHECKING:
    from course.subject import Subject


FIELDS = (
    "vocab_size",
    "n_positions",
    "n_embd",
    "n_layer",
    "n_head",
    "n_inner",
    "layer_norm_epsilon",
)


def _fields(subject: Subject) -> dict[str, object]:
    config = subject.step.GPT2Config()
    return {name: getattr(config, name) for name in FIELDS if hasattr(config, name)}


def _size(name: str, **sizes: int) -> Experiment:
    arguments = ", ".join(f"{key}={value}" for key, value in sizes.items())

    def run(subject: Subject) -> object:
        return getattr(subject.step.GPT2Config(**sizes), name)

    return Experiment(f"GPT2Config({arguments}).{name}", run, piece=name)


def _refused(**sizes: int) -> Experiment:
    arguments = ", ".join(f"{key}={value}" for key, value in sizes.items())

    def run(subject: Subject) -> str:
        subject.step.GPT2Config(**sizes)
        return "a config"

    return Experiment(f"GPT2Config({arguments})", run, piece="__post_init__")


def _message(subject: Subject) -> str:
    """Whether what a refusal says has both numbers in it."""
    try:
        subject.step.GPT2Config(n_embd=770, n_head=9)
    except ValueError as error:
        return f"770 {'770' in str(error)}, 9 {'9' in str(error)}"
    return "a config"


LESSON = Lesson(
    number=1,
    title="Model configuration",
    defines={"GPT2Config": Kind.DATACLASS},
    hints=(
        "A dataclass writes the constructor for you: you only declare which fields there are, of "
        "which type, and what each is when nobody says otherwise. What follows from other fields "
        "is not stored but computed, so that it can never disagree with them.",
        "A field is one line: name, colon, type, equals, default. `n_inner` may be absent, so its "
        "type is `int | None`. `__post_init__` runs after the fields are set: a remainder (`%`) "
        "tells whether the heads can share the width evenly. For `head_dim` you need whole "
        "division, `//`.",
        "`n_embd: int = 768` is one of the seven fields. The test is `self.n_embd % self.n_head`, "
        "and it is wrong when that is not 0. `inner_dim` returns one thing if `self.n_inner is "
        "None`, and another if not.",
    ),
    kernels=0,
    experiments=(
        Experiment("GPT2Config()", _fields, piece="GPT2Config"),
        _size("head_dim", n_embd=12, n_head=3),
        _size("head_dim"),
        _size("inner_dim"),
        _size("inner_dim", n_embd=10, n_head=2),
        _size("inner_dim", n_embd=12, n_head=3, n_inner=20),
        _size("inner_dim", n_embd=12, n_head=3, n_inner=0),
        _refused(n_embd=768, n_head=7),
        Experiment("GPT2Config(n_embd=770, n_head=9): the numbers named", _message),
        _refused(n_embd=12, n_head=24),
    ),
    misconceptions=(
        Misconception(
            "inner_dim does not look at n_inner: a model may say how wide its feed-forward "
            "network is.",
            {"4 * self.n_embd if self.n_inner is None else self.n_inner": "4 * self.n_embd"},
        ),
        Misconception(
            "inner_dim is None where nobody gave n_inner; then it has to follow from n_embd.",
            {"4 * self.n_embd if self.n_inner is None else self.n_inner": "self.n_inner"},
        ),
        Misconception(
            "inner_dim without n_inner is n_embd itself: but the feed-forward network widens the "
            "vector before it narrows it again.",
            {"4 * self.n_embd if": "self.n_embd if"},
        ),
        Misconception(
            "head_dim is a float: a width counts features, so it has to be an int. Python has "
            "two kinds of division.",
            {"self.n_embd // self.n_head": "self.n_embd / self.n_head"},
        ),
        Misconception(
            "head_dim gives every head the whole width: the heads share it.",
            {"return self.n_embd // self.n_head": "return self.n_embd"},
        ),
        Misconception(
            "A width that the heads cannot share evenly is accepted: the features left over "
            "would be lost, and nobody would know.",
            {"self.n_embd % self.n_head != 0": "False"},
        ),
        Misconception(
            "The test is the wrong way round: it refuses the widths that the heads can share, and "
            "lets the others pass.",
            {"self.n_embd % self.n_head != 0": "self.n_embd % self.n_head == 0"},
        ),
        Misconception(
            "The division is the wrong way round: ask whether the heads divide the width, not "
            "whether the width divides the heads.",
            {"self.n_embd % self.n_head != 0": "self.n_head % self.n_embd != 0"},
        ),
        Misconception(
            "The exception has the wrong type: a value that cannot be used is a ValueError. "
            "(`assert` is for what can never happen, and `python -O` removes it.)",
            {"raise ValueError(f": "raise AssertionError(f"},
        ),
        Misconception(
            "vocab_size is the last token's id: the ids count from 0, so there is one token more.",
            {"vocab_size: int = 50257": "vocab_size: int = 50256"},
        ),
        Misconception(
            "n_positions is that of the first GPT: GPT-2 sees twice as many tokens.",
            {"n_positions: int = 1024": "n_positions: int = 512"},
        ),
        Misconception(
            "layer_norm_epsilon is that of other models (T5, the first Llama): GPT-2's is larger.",
            {"layer_norm_epsilon: float = 1e-5": "layer_norm_epsilon: float = 1e-6"},
        ),
        Misconception(
            "The message names other numbers than the two that do not go together.",
            {"n_embd {self.n_embd} is": "n_embd 768 is", 'n_head {self.n_head}"': 'n_head 12"'},
        ),
        Misconception(
            "inner_dim takes an n_inner of 0 for none: `or` asks whether it is 0, not whether it "
            "was given.",
            {
                "4 * self.n_embd if self.n_inner is None else self.n_inner": (
                    "self.n_inner or 4 * self.n_embd"
                )
            },
        ),
    ),
)
