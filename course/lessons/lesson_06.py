"""Step 06: position embeddings."""

from course.lesson import Construction, Kind, Lesson, Misconception, Symbolic
from course.lessons.experiments import call_with_ids, spread_of_initial_weight
from course.lessons.tiny import PLAIN, WIDE, any_ids
from solutions.solution_01 import GPT2Config

WIDER = Construction("PositionEmbedding(config)", lambda step: step.PositionEmbedding(WIDE))
OTHER = Construction("PositionEmbedding(other)", lambda step: step.PositionEmbedding(PLAIN))
MANY_ROWS = Construction(
    "PositionEmbedding(many positions)",
    lambda step: step.PositionEmbedding(GPT2Config(n_positions=90, n_embd=60, n_head=1)),
)
AXES = ("position", "feature")
SLICE = "return self.weight[:sequence_length]"

LESSON = Lesson(
    number=6,
    title="Position embeddings",
    defines={"PositionEmbedding": Kind.MODULE},
    hints=(
        "Position 0 has the first row of the table, position 1 the second, and so on. Which tokens "
        "stand there does not matter; only how many there are.",
        "The table is made like that of step 5, with other sizes. `input_ids.shape` has the "
        "length, as a `Dim` that may be symbolic: a slice takes it as it is, without `int()`.",
        "The length is `input_ids.shape[1]`, and `self.weight[:length]` are the first rows. There "
        "is no batch axis in the result: adding it to `[batch, seq, n_embd]` later repeats it "
        "for each sequence.",
    ),
    kernels=4,
    constructions=(WIDER, OTHER),
    experiments=(
        call_with_ids(WIDER, WIDE, 3, 7, axes=AXES),
        call_with_ids(WIDER, WIDE, 1, 1, axes=AXES),
        call_with_ids(OTHER, PLAIN, 3, 2, axes=AXES),
        call_with_ids(WIDER, WIDE, 1, WIDE.n_positions, axes=AXES),
        spread_of_initial_weight(MANY_ROWS),
    ),
    symbolic=Symbolic(lambda subject: subject.module(WIDER), any_ids),
    misconceptions=(
        Misconception(
            "The tokens' ids pick the rows: here it is their places that count, 0, 1, 2 and so on.",
            {
                SLICE: "from max.experimental import functional as F; "
                "return F.gather(self.weight, input_ids, axis=0)"
            },
        ),
        Misconception(
            "The batch size is taken for the length: the second axis of the ids is the sequence.",
            {"input_ids.shape[1]": "input_ids.shape[0]"},
        ),
        Misconception(
            "All rows come back, however short the sequence is.",
            {SLICE: "return self.weight"},
        ),
        Misconception(
            "These are the last rows: a text begins at position 0.",
            {SLICE: "return self.weight[self.weight.shape[0] - sequence_length :]"},
        ),
        Misconception(
            "The positions count from 1: the first token has the first row, number 0.",
            {
                SLICE: "import numpy as np; from max.experimental import functional as F; "
                "return F.gather(self.weight, Tensor.from_dlpack("
                "np.arange(1, int(sequence_length) + 1) % int(self.weight.shape[0])), axis=0)"
            },
        ),
        Misconception(
            "The rows are in reverse order.",
            {
                SLICE: "import numpy as np; from max.experimental import functional as F; "
                "return F.gather(self.weight, Tensor.from_dlpack("
                "np.arange(int(sequence_length))[::-1].copy()), axis=0)"
            },
        ),
        Misconception(
            "The table has a row for each token of the vocabulary; here it is one for each "
            "position.",
            {"[config.n_positions,": "[config.vocab_size,"},
        ),
        Misconception(
            "The table is transposed: a row is a position, a column a feature.",
            {"[config.n_positions, config.n_embd]": "[config.n_embd, config.n_positions]"},
        ),
        Misconception(
            "There is a batch axis: the result is the same for all sequences, so it has none.",
            {
                SLICE: "return self.weight[:sequence_length].reshape("
                "[1, sequence_length, self.weight.shape[1]])"
            },
        ),
        Misconception(
            "The table starts with a standard deviation of 1: GPT-2 starts with much smaller "
            "numbers.",
            {"std=0.02": "std=1.0"},
        ),
        Misconception(
            "The table starts as zeros, as if there were no positions.",
            {
                "random.normal([config.n_positions, config.n_embd], std=0.02)": (
                    "Tensor.zeros([config.n_positions, config.n_embd])"
                )
            },
        ),
    ),
)
