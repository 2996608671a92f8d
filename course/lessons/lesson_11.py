"""Step 11: the language-model head."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from course.lesson import Construction, Experiment, Kind, Lesson, Misconception, Symbolic
from course.lessons.experiments import call_with_ids
from course.lessons.tiny import PLAIN, WIDE, any_ids

if TYPE_CHECKING:
    from course.subject import Subject

SMALL = dataclasses.replace(WIDE, n_layer=1)
HEAD = Construction("GPT2LMHeadModel(config)", lambda step: step.GPT2LMHeadModel(SMALL))
OTHER = Construction("GPT2LMHeadModel(other)", lambda step: step.GPT2LMHeadModel(PLAIN))
AXES = ("batch", "position", "token")
LOGITS = "return hidden @ self.transformer.wte.weight.T"
SECOND_TABLE = (
    "The head has a table of its own, or another name for the token embeddings, which MAX counts "
    "as a parameter too. A checkpoint holds the table once: use it where it is."
)


def _config(subject: Subject) -> int:
    return subject.module(HEAD).config.n_positions


LESSON = Lesson(
    number=11,
    title="Language-model head",
    defines={"GPT2LMHeadModel": Kind.MODULE},
    hints=(
        "How well would a token do as the next one? Compare the vector that the transformer "
        "computed with the token's own, by their dot product. Do that for every token of the "
        "vocabulary, at every position.",
        "All those dot products are one matrix product. `self.transformer.wte.weight` is "
        "`[vocab_size, n_embd]`; for `hidden @ ...` the features have to be its first axis, so it "
        "is transposed, with `.T`.",
        "forward has two lines: `hidden = self.transformer(input_ids)`, and `hidden @` the "
        "transposed table. There is nothing else: no bias, no softmax, no parameter of its own. "
        "`self.config = config` is for step 12, which asks for n_positions.",
    ),
    kernels=15,
    constructions=(HEAD, OTHER),
    experiments=(
        call_with_ids(HEAD, SMALL, 3, 7, axes=AXES),
        call_with_ids(HEAD, SMALL, 1, 1, axes=AXES),
        call_with_ids(OTHER, PLAIN, 3, 2, axes=AXES),
        Experiment("GPT2LMHeadModel(config).config.n_positions", _config),
    ),
    symbolic=Symbolic(lambda subject: subject.module(HEAD), any_ids),
    misconceptions=(
        Misconception(
            SECOND_TABLE,
            {
                "self.transformer = GPT2Model(config)": (
                    "self.transformer = GPT2Model(config)\n        from max.experimental.nn "
                    "import Linear\n        self.lm_head = "
                    "Linear(config.n_embd, config.vocab_size, bias=False)"
                ),
                LOGITS: "return self.lm_head(hidden)",
            },
        ),
        Misconception(
            SECOND_TABLE,
            {
                "self.transformer = GPT2Model(config)": (
                    "self.transformer = GPT2Model(config)\n"
                    "        self.lm_head = self.transformer.wte"
                ),
                LOGITS: "return hidden @ self.lm_head.weight.T",
            },
        ),
        Misconception(
            "These are probabilities: the head returns scores, and step 12 makes probabilities "
            "of them, once it knows the temperature.",
            {
                LOGITS: "from max.experimental import functional as F; return F.softmax(hidden @ "
                "self.transformer.wte.weight.T)"
            },
        ),
        Misconception(
            "These are logarithms of probabilities: the head returns the scores as they are.",
            {
                LOGITS: "from max.experimental import functional as F; "
                "logits = hidden @ self.transformer.wte.weight.T; "
                "return F.log(F.softmax(logits))"
            },
        ),
        Misconception(
            "Only the last position has logits: all positions do, each about the token after it.",
            {LOGITS: "return hidden[:, -1:] @ self.transformer.wte.weight.T"},
        ),
        Misconception(
            "The table is that of the positions: the scores are for tokens.",
            {LOGITS: LOGITS.replace("wte", "wpe")},
        ),
        Misconception(
            "The table has to be transposed: its features have to meet those of the vectors.",
            {LOGITS: LOGITS.removesuffix(".T")},
        ),
        Misconception(
            "The scores are divided by the square root of the width: that is done in attention, "
            "not here.",
            {LOGITS: LOGITS + " / (int(hidden.shape[-1]) ** 0.5)"},
        ),
        Misconception(
            "The transformer is not used: the tokens' embeddings are compared with themselves.",
            {"hidden = self.transformer(input_ids)": "hidden = self.transformer.wte(input_ids)"},
        ),
        Misconception(
            "The last norm acts twice: the transformer has already applied it.",
            {
                "hidden = self.transformer(input_ids)": (
                    "hidden = self.transformer.ln_f(self.transformer(input_ids))"
                )
            },
        ),
        Misconception(
            "These are the transformer's vectors: they have yet to become one score for each "
            "token.",
            {LOGITS: "return hidden"},
        ),
        Misconception(
            "The config is not kept: step 12 asks the model for it.",
            {"        self.config = config\n": ""},
        ),
    ),
)
