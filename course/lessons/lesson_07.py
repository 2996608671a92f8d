"""Step 07: multi-head attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Construction, Experiment, Kind, Lesson, Misconception, Symbolic
from course.lessons.experiments import call_with_features
from course.lessons.tiny import PLAIN, WIDE, any_features, features

if TYPE_CHECKING:
    from course.subject import Subject

THREE_HEADS = Construction(
    "GPT2MultiHeadAttention(config)", lambda step: step.GPT2MultiHeadAttention(WIDE)
)
TWO_HEADS = Construction(
    "GPT2MultiHeadAttention(other)", lambda step: step.GPT2MultiHeadAttention(PLAIN)
)
SCORES = "query @ key.transpose(2, 3) / math.sqrt(self.head_dim)"
SOFTMAX = "F.softmax(scores + mask)"
NAN = (
    "Infinity reached the sum of values: the mask belongs to the scores, before the softmax, and "
    "is added. After it, or with the other sign, it leaves NaN."
)
SPLIT = "query, key, value = F.split"
HEADS = ("batch", "head", "position", "feature")


def _method(name: str, *shapes: tuple[int, ...], axes: tuple[str, ...] = HEADS) -> Experiment:
    """A method alone, applied to numbers of these shapes."""
    told = ", ".join(str(list(shape)) for shape in shapes)

    def run(subject: Subject) -> np.ndarray:
        method = getattr(subject.module(THREE_HEADS), name)
        arrays = (features(*shape, mean=0.1 * place) for place, shape in enumerate(shapes))
        return subject.evaluate(method, *arrays)

    return Experiment(f"{name}: {told}", run, axes, name)


LESSON = Lesson(
    number=7,
    title="Multi-head attention",
    defines={"GPT2MultiHeadAttention": Kind.MODULE},
    hints=(
        "Follow the shapes: `[batch, seq, n_embd]` becomes queries, keys and values of the same "
        "shape. Each is cut into heads, and the heads move in front of seq, so that one matrix "
        "product serves all of them. Every query is multiplied with every key: a score. Scale, "
        "mask, softmax; mix the values; put the heads side by side again.",
        "`F.split` cuts c_attn's result in three along the last axis. `reshape` cuts and joins "
        "axes, `transpose` swaps two; the order matters. `@` multiplies the last two axes and "
        "leaves the others alone, so the keys need their last two swapped. `F.softmax` works on "
        "the last axis. The mask is that of step 2, without a past.",
        "split_heads reshapes to `[batch, seq, n_head, head_dim]` and then swaps axes 1 and 2; "
        "merge_heads does the opposite, in the opposite order. In attend, the scores are "
        "`query @ key.transpose(2, 3)`, divided by the square root of one head's width, plus "
        "the mask, before the softmax.",
    ),
    kernels=8,
    constructions=(THREE_HEADS, TWO_HEADS),
    experiments=(
        _method("split_heads", (2, 5, 12)),
        _method("merge_heads", (2, 3, 5, 4), axes=("batch", "position", "feature")),
        _method("attend", (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4), (5, 7)),
        call_with_features(THREE_HEADS, 3, 7, WIDE.n_embd),
        call_with_features(THREE_HEADS, 1, 1, WIDE.n_embd),
        call_with_features(TWO_HEADS, 3, 2, PLAIN.n_embd),
        call_with_features(TWO_HEADS, 1, 7, PLAIN.n_embd),
        call_with_features(TWO_HEADS, 1, 7, PLAIN.n_embd, deviation=5.0),
    ),
    symbolic=Symbolic(lambda subject: subject.module(THREE_HEADS), lambda: any_features(WIDE)),
    misconceptions=(
        Misconception(
            "The scores are not scaled: sums over more features are larger, and softmax of large "
            "numbers sees only the largest.",
            {SCORES: "query @ key.transpose(2, 3)"},
        ),
        Misconception(
            "The scores are divided by the width itself, not by its square root.",
            {"math.sqrt(self.head_dim)": "self.head_dim"},
        ),
        Misconception(
            "The scores are scaled by the model's whole width: what is summed is one head's.",
            {"math.sqrt(self.head_dim)": "math.sqrt(self.head_dim * self.n_head)"},
        ),
        Misconception(
            "The scores are multiplied with the square root: dividing by it is what keeps them "
            "small.",
            {SCORES: SCORES.replace(" / ", " * ")},
        ),
        Misconception(
            "There is no mask: each token sees those that come after it.",
            {SOFTMAX: "F.softmax(scores)"},
        ),
        Misconception(
            "The mask acts after the softmax: by then the hidden keys have already had their "
            "share.",
            {SOFTMAX: "F.softmax(scores) * F.exp(mask)"},
        ),
        Misconception(
            NAN,
            {SOFTMAX: "F.softmax(scores) + mask"},
        ),
        Misconception(
            NAN,
            {SOFTMAX: "F.softmax(scores - mask)"},
        ),
        Misconception(
            "The mask is multiplied with the scores: it is to be added.",
            {SOFTMAX: "F.softmax(scores * mask)"},
        ),
        Misconception(
            "The softmax acts twice.",
            {SOFTMAX: "F.softmax(F.softmax(scores + mask))"},
        ),
        Misconception(
            "The mask is not infinite: where the scores are large, the future comes through.",
            {SOFTMAX: "F.softmax(scores + F.max(mask, -30.0))"},
        ),
        Misconception(
            "Queries are compared with the values: it is the keys that they look for.",
            {SCORES: SCORES.replace("key.", "value.")},
        ),
        Misconception(
            "There is no softmax: the scores have to become shares that sum to 1.",
            {SOFTMAX: "(scores * F.exp(mask))"},
        ),
        Misconception(
            "The softmax runs over the queries: each query shares itself out among the keys, so "
            "it is over the keys that the weights sum to 1.",
            {SOFTMAX: "F.softmax(scores + mask, axis=2)"},
        ),
        Misconception(
            "Keys and queries are swapped: c_attn makes queries first.",
            {SPLIT: "key, query, value = F.split"},
        ),
        Misconception(
            "Keys and values are swapped: c_attn makes queries, keys, values, in this order.",
            {SPLIT: "query, value, key = F.split"},
        ),
        Misconception(
            "Values come first here: c_attn makes queries, keys, values, in this order.",
            {SPLIT: "value, key, query = F.split"},
        ),
        Misconception(
            "The heads are cut out by a reshape alone: that puts pieces of different tokens into "
            "one head. The features have to be cut first, then the axes swapped.",
            {
                "x = x.reshape([batch, sequence_length, self.n_head, self.head_dim])\n": (
                    "x = x.reshape([batch, self.n_head, sequence_length, self.head_dim])\n"
                ),
                "return x.transpose(1, 2)": "return x",
            },
        ),
        Misconception(
            "The heads are joined by a reshape alone: their axis has to move behind seq first.",
            {"        x = x.transpose(1, 2)": "        x = x"},
        ),
        Misconception(
            "Neighbouring features go to different heads: each head has a run of head_dim "
            "features that lie side by side.",
            {
                "x = x.reshape([batch, sequence_length, self.n_head, self.head_dim])\n": (
                    "x = x.reshape([batch, sequence_length, self.head_dim, self.n_head])"
                    ".transpose(2, 3)\n"
                ),
            },
        ),
        Misconception(
            "There is only one head, as wide as the model.",
            {
                "self.n_head = config.n_head": "self.n_head = 1",
                "self.head_dim = config.head_dim": "self.head_dim = config.n_embd",
            },
        ),
        Misconception(
            "c_proj is created but not used: the heads' results have yet to be mixed.",
            {"self.c_proj(self.merge_heads(mixed))": "self.merge_heads(mixed)"},
        ),
        Misconception(
            "The input is added to the result: the residual connection comes later, in step 8, "
            "and would be there twice.",
            {"self.c_proj(self.merge_heads(mixed))": "x + self.c_proj(self.merge_heads(mixed))"},
        ),
        Misconception(
            "c_attn has no room for queries, keys and values: it makes all three at once.",
            {"Linear(config.n_embd, 3 * config.n_embd)": "Linear(config.n_embd, config.n_embd)"},
        ),
        Misconception(
            "There is no softmax: the scores have to become shares that sum to 1.",
            {SOFTMAX: "(scores + mask)"},
        ),
        Misconception(
            "The keys' last two axes are not swapped: a product goes over the features, and each "
            "query meets every key.",
            {"key.transpose(2, 3)": "key"},
        ),
        Misconception(
            "The two axes of a head are swapped: n_embd is cut into n_head runs of head_dim, in "
            "this order.",
            {
                "[batch, sequence_length, self.n_head, self.head_dim])\n": (
                    "[batch, sequence_length, self.head_dim, self.n_head])\n"
                ),
            },
        ),
    ),
)
