"""Step 14: choosing the next token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Experiment, Kind, Lesson, Misconception
from course.lessons.tiny import features

if TYPE_CHECKING:
    from course.plain_subject import PlainSubject

NEVER = -np.inf
INPUTS = {
    "logits": np.array([0.5, 2.0, -1.0, 1.5, -3.0, 2.5, 0.0], np.float32),
    "logits - 100": np.array([-99.5, -98.0, -101.0, -98.5, -103.0, -97.5, -100.0], np.float32),
    "ties": np.array([1.0, -0.5, 2.0, 1.0, 0.0, 2.0, 1.0, -0.5, 1.0], np.float32),
    # What top_k hands on. Each of four tokens has exactly a quarter.
    "quarters": np.array([1.5, NEVER, 1.5, 1.5, NEVER, 1.5, NEVER], np.float32),
    "many logits": features(60, deviation=2.0),
}


def _call(name: str, what: str, *arguments: object) -> Experiment:
    """A strategy, applied to one of the inputs; what comes of it, as float64."""
    told = ", ".join(map(repr, arguments))

    def run(subject: PlainSubject) -> np.ndarray:
        function = getattr(subject.step, name)
        return np.asarray(subject.call(function, INPUTS[what], *arguments), np.float64)

    return Experiment(f"{name}({what}, {told})", run, ("token",), name)


SEEN = "np.where(logits[seen] < 0, logits[seen] * penalty, logits[seen] / penalty)"
PENALIZED = f"result[seen] = {SEEN}"
KTH = "np.partition(logits, -k)[-k]"
TOP_K = "return np.where(logits < smallest_kept, NEVER, logits)"
ORDER = 'order = np.argsort(logits, kind="stable")[::-1]'
BEFORE = "before = np.cumsum(probabilities[order]) - probabilities[order]"
COUNT = "order[: max(1, np.count_nonzero(before < p))]"
TOP_P = "result[kept] = logits[kept]"
MIN_P = "return np.where(probabilities < p * probabilities.max(), NEVER, logits)"

WRITES = (
    "It writes into the logits that it was given: whoever called still needs them as they were."
)
TOO_MILD = (
    "What is cut off has to become NEVER. A logit of 0 is no probability of 0, it may even be the "
    "likeliest of all; and a large negative number is only rare."
)
PROBABILITIES = (
    "These are probabilities: logits go in and logits come out, so that another strategy can take "
    "them from here."
)

LESSON = Lesson(
    number=14,
    title="Choosing the next token",
    defines={
        "repetition_penalty": Kind.FUNCTION,
        "top_k": Kind.FUNCTION,
        "top_p": Kind.FUNCTION,
        "min_p": Kind.FUNCTION,
    },
    hints=(
        "All four take logits and give new ones back, token by token in the same places. The "
        "penalty lowers some. The others leave a logit as it is or make it NEVER, and differ in "
        "what they look at: top_k at the rank, top_p at the sum of the probabilities so far, min_p "
        "at the ratio to the largest.",
        "`logits.copy()` can be written into. `np.where(condition, a, b)` takes from a or b, place "
        "by place. `np.partition(logits, -k)[-k]` is the kth largest. "
        '`np.argsort(logits, kind="stable")[::-1]` lists the ids from the likeliest on, of equal '
        "ones the higher id first. `np.cumsum` adds up: minus the numbers themselves, it is what "
        "came before each.",
        "repetition_penalty: for the ids in `set(ids)`, times the penalty where the logit is below "
        "0, else divided by it. top_k: NEVER where a logit is smaller than the kth largest, for a "
        "k of at most len(logits). top_p: count the tokens with less than p before them, at least "
        "1; so many of the order are kept, each in its own place. min_p: NEVER where a probability "
        "is below p times the maximum.",
    ),
    kernels=0,
    experiments=(
        _call("repetition_penalty", "logits", [1, 2], 1.5),
        _call("repetition_penalty", "logits", [4, 1, 2, 1, 1, 4], 1.5),
        _call("repetition_penalty", "logits", [6, 5], 0.8),
        _call("top_k", "logits", 3),
        _call("top_k", "logits", 1),
        _call("top_k", "logits", 7),
        _call("top_k", "logits", 100),
        _call("top_k", "ties", 3),
        _call("top_k", "many logits", 40),
        _call("top_p", "logits", 0.7),
        _call("top_p", "logits", 0.0),
        _call("top_p", "ties", 0.7),
        _call("top_p", "quarters", 0.4),
        _call("top_p", "quarters", 0.5),
        _call("top_p", "many logits", 0.9),
        _call("min_p", "logits", 0.2),
        _call("min_p", "logits - 100", 0.2),
        _call("min_p", "ties", 1.0),
        _call("min_p", "quarters", 0.1),
        _call("min_p", "many logits", 0.01),
    ),
    misconceptions=(
        Misconception(
            "Negative logits go up: divided by something above 1, they come closer to 0.",
            {"logits[seen] * penalty": "logits[seen] / penalty"},
        ),
        Misconception(
            "Positive logits go up: they are to be divided, and only negative ones multiplied.",
            {"logits[seen] / penalty": "logits[seen] * penalty"},
        ),
        Misconception(
            "The penalty is subtracted. There is such a penalty, too, called presence penalty; "
            "this one divides and multiplies.",
            {SEEN: "logits[seen] - penalty"},
        ),
        Misconception(
            "A token that was there three times pays three times: it pays once, however often it "
            "was there.",
            {
                PENALIZED: "for token in ids: result[token] *= "
                "penalty if result[token] < 0 else 1 / penalty"
            },
        ),
        Misconception(
            "Every token pays: only those that are in the text so far should.",
            {"seen = list(set(ids))": "seen = slice(None)"},
        ),
        Misconception(
            "Only the last token pays: all that are in the text so far should.",
            {"seen = list(set(ids))": "seen = ids[-1:]"},
        ),
        Misconception(WRITES, {"result = logits.copy()": "result = logits"}),
        Misconception(WRITES, {TOP_K: f"logits[logits < smallest_kept] = NEVER; {TOP_K}"}),
        Misconception(
            WRITES,
            {MIN_P: "logits[probabilities < p * probabilities.max()] = NEVER; return logits"},
        ),
        Misconception(
            "One token too many is kept: the kth largest is the last one that stays.",
            {KTH: "np.sort(logits)[-k - 1]"},
        ),
        Misconception(
            "The kth largest is cut off itself: it is the last one that stays.",
            {TOP_K: TOP_K.replace("<", "<=")},
        ),
        Misconception(
            "k is counted from the least likely token.",
            {KTH: "np.partition(logits, k - 1)[k - 1]"},
        ),
        Misconception(
            "The k least likely tokens are kept.",
            {KTH: "np.partition(logits, k - 1)[k - 1]", TOP_K: TOP_K.replace("<", ">")},
        ),
        Misconception(
            "Exactly k are kept. Others may be as likely as the last of them, and chance should "
            "not decide which stays: keep them all.",
            {TOP_K: "result = logits.copy(); result[logits.argsort()[:-k]] = NEVER; return result"},
        ),
        Misconception(
            "k may be larger than the vocabulary: then all tokens are kept.",
            {"k = min(k, len(logits))": "pass"},
        ),
        Misconception(TOO_MILD, {TOP_K: TOP_K.replace("NEVER", "0.0")}),
        Misconception(TOO_MILD, {"NEVER = -np.inf": "NEVER = 0.0"}),
        Misconception(TOO_MILD, {"NEVER = -np.inf": "NEVER = -1e9"}),
        Misconception(PROBABILITIES, {TOP_P: "result[kept] = probabilities[kept]"}),
        Misconception(PROBABILITIES, {MIN_P: MIN_P.replace("logits)", "probabilities)")}),
        Misconception(
            "The token that makes p full is cut off: without it, the others do not reach p.",
            {BEFORE: "before = np.cumsum(probabilities[order])"},
        ),
        Misconception(
            "One token too many is kept: those before it have reached p already.",
            {COUNT: COUNT.replace("<", "<=")},
        ),
        Misconception(
            "At p = 0 nothing is left, and softmax of nothing is NaN: the likeliest token always "
            "stays.",
            {COUNT: "order[: np.count_nonzero(before < p)]"},
        ),
        Misconception(
            "The sum begins with the least likely tokens, and those are kept.",
            {"[::-1]  # the likeliest first": ""},
        ),
        Misconception(
            "Logits are added up: what is to reach p are probabilities.",
            {BEFORE: BEFORE.replace("probabilities[order]", "logits[order]")},
        ),
        Misconception(
            "Of equal tokens at the edge the lower ids are kept: it should be the higher ones.",
            {ORDER: 'order = np.argsort(-logits, kind="stable")'},
        ),
        Misconception(
            "All tokens are kept that are as likely as the last: the smallest set that reaches p "
            "has no more than it needs.",
            {TOP_P: "kept = logits >= logits[kept].min(); result[kept] = logits[kept]"},
        ),
        Misconception(
            "The logits come back in the order of their size: a logit's place says which token it "
            "belongs to.",
            {TOP_P: "result[: len(kept)] = logits[kept]"},
        ),
        Misconception(
            "A probability is compared with p itself: how much is enough depends on how likely the "
            "likeliest is.",
            {MIN_P: MIN_P.replace("p * probabilities.max()", "p")},
        ),
        Misconception(
            "Logits are compared, and what one is times another says nothing: make probabilities "
            "of them first.",
            {MIN_P: MIN_P.replace("probabilities", "logits")},
        ),
        Misconception(
            "What is exactly p times as likely as the likeliest is cut off: at p = 1 that is all.",
            {MIN_P: MIN_P.replace("<", "<=")},
        ),
        Misconception(
            "What should be cut off is kept, and the rest is cut off.",
            {MIN_P: MIN_P.replace("<", ">=")},
        ),
    ),
)
