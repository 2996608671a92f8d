"""Step 02: the causal mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.lesson import Experiment, Kind, Lesson, Misconception, Symbolic
from course.lessons.tiny import PLAIN, any_features

if TYPE_CHECKING:
    import numpy as np
    from max.experimental.nn import Module
    from max.experimental.tensor import Tensor

    from course.subject import Subject

BAND = "return F.band_part(hidden, num_upper=past_length, exclude=True)"


def _mask(sequence_length: int, past_length: int = 0) -> Experiment:
    def run(subject: Subject) -> np.ndarray:
        from max.driver import CPU
        from max.dtype import DType

        def call() -> Tensor:
            return subject.step.causal_mask(
                sequence_length, past_length, dtype=DType.float32, device=CPU()
            )

        return subject.evaluate(call)

    return Experiment(f"causal_mask({sequence_length}, {past_length})", run, ("query", "key"))


def _dtype(subject: Subject) -> str:
    """The dtype that a mask would have, without computing one."""
    from max.dtype import DType
    from max.experimental import compilation

    from course.lessons.in_graphs import MaskInGraph

    module = MaskInGraph(subject, 0, DType.float64)
    traced = compilation.stage(module, name="mask")(*any_features(PLAIN))
    return traced.out_layouts[0].dtype.name


def _in_graph(subject: Subject) -> Module:
    from max.dtype import DType

    from course.lessons.in_graphs import MaskInGraph

    return MaskInGraph(subject, 3, DType.float32)


def _by_numpy(diagonal: str) -> str:
    """A mask that hides what lies above a diagonal."""
    return (
        "import numpy as np; size = int(sequence_length); "
        f"return Tensor.from_dlpack(np.triu(np.full((size, past_length + size), -np.inf, "
        f'"float32"), {diagonal}))'
    )


LESSON = Lesson(
    number=2,
    title="Causal masking",
    defines={"causal_mask": Kind.FUNCTION},
    hints=(
        "Draw it for three tokens: one row for each query, one column for each key. The first "
        "query may see the first key only, the last query all three: a triangle of zeros, and "
        "minus infinity above it. With past tokens there are more columns, on the left, and "
        "everybody may see those.",
        "`Tensor.full` makes a tensor of one value. `F.band_part` keeps a band around the "
        "diagonal and makes the rest 0; with `exclude=True` it is the band that becomes 0. "
        "`num_upper` says how far the band reaches to the right of the diagonal; downwards it is "
        "unlimited unless you say so.",
        "The shape is `[sequence_length, Dim(sequence_length) + past_length]` (a `Dim` can be "
        'added to a number, be it symbolic or not). Fill it with `float("-inf")`, then take the '
        "band out. How far to the right of the diagonal may query 0 look, when 3 tokens went "
        "before?",
    ),
    kernels=2,
    experiments=(
        _mask(7),
        _mask(1),
        _mask(2),
        _mask(7, 3),
        _mask(1, 3),
        _mask(2, 5),
        Experiment("causal_mask(seq, dtype=float64)", _dtype),
    ),
    symbolic=Symbolic(_in_graph, lambda: any_features(PLAIN)),
    misconceptions=(
        Misconception(
            "The past is forgotten: the tokens that went before stand to the left of the first "
            "query, so the diagonal starts further to the right.",
            {"num_upper=past_length": "num_upper=0"},
        ),
        Misconception(
            "The mask is square, even with a past: there is a column for each key, and the past "
            "tokens are keys too.",
            {
                "Dim(sequence_length) + past_length": "sequence_length",
                "num_upper=past_length": "num_upper=0",
            },
        ),
        Misconception(
            "Rows and columns are swapped: queries are the rows, keys the columns.",
            {BAND: BAND + ".T"},
        ),
        Misconception(
            "It is inside out: what may be seen is minus infinity, and what may not be seen is 0.",
            {"exclude=True": "exclude=False"},
        ),
        Misconception(
            "It hides the past and shows the future: query i may see the keys up to its own place, "
            "not from there on.",
            {"num_upper=past_length": "num_lower=0"},
        ),
        Misconception(
            "Each query sees its own neighbourhood only: below the diagonal, everything may be "
            "seen.",
            {"num_upper=past_length": "num_lower=0, num_upper=past_length"},
        ),
        Misconception(
            "A token may not see itself: the first would see nothing at all, and softmax of "
            "nothing is NaN.",
            {BAND: _by_numpy("past_length")},
        ),
        Misconception(
            "Each query sees one key too many: the next token, which it is to predict.",
            {"num_upper=past_length": "num_upper=past_length + 1"},
        ),
        Misconception(
            "Each query sees one key too many: the next token, which it is to predict.",
            {BAND: _by_numpy("past_length + 2")},
        ),
        Misconception(
            "Nothing is hidden: every number is 0.",
            {"num_upper=past_length, ": ""},
        ),
        Misconception(
            "It holds zeros and ones, like a mask to multiply with. This one is added to the "
            "scores: what is to vanish in the softmax has to be minus infinity.",
            {'float("-inf")': "1.0"},
        ),
        Misconception(
            "A large negative number is not minus infinity: in float16 it overflows, and next to "
            "very negative scores it lets the future through.",
            {'float("-inf")': "-1e9"},
        ),
        Misconception(
            "There is NaN in it: 0 times infinity is no number. Put the infinities where they "
            "belong, without multiplying.",
            {
                BAND: _by_numpy("past_length + 1")
                .replace("np.triu(", "-np.inf * np.triu(")
                .replace("-np.inf, ", "1, ")
            },
        ),
        Misconception(
            "The sign is wrong: plus infinity makes the hidden keys the only ones that count.",
            {'float("-inf")': 'float("inf")'},
        ),
        Misconception(
            "The mask does not have the dtype that was asked for.",
            {"dtype=dtype": "dtype=DType.float32"},
        ),
        Misconception(
            "Rows and columns are swapped: queries are the rows, keys the columns.",
            {
                "[sequence_length, Dim(sequence_length) + past_length]": (
                    "[Dim(sequence_length) + past_length, sequence_length]"
                )
            },
        ),
    ),
)
