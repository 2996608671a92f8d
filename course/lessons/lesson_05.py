"""Step 05: token embeddings."""

from course.lesson import Construction, Kind, Lesson, Misconception, Symbolic
from course.lessons.experiments import call_with_ids, spread_of_initial_weight
from course.lessons.tiny import PLAIN, WIDE, any_ids
from solutions.solution_01 import GPT2Config

WIDER = Construction("TokenEmbedding(config)", lambda step: step.TokenEmbedding(WIDE))
OTHER = Construction("TokenEmbedding(other)", lambda step: step.TokenEmbedding(PLAIN))
MANY_ROWS = Construction(
    "TokenEmbedding(many tokens)",
    lambda step: step.TokenEmbedding(GPT2Config(vocab_size=90, n_embd=60, n_head=1)),
)
GATHER = "F.gather(self.weight, input_ids, axis=0)"

LESSON = Lesson(
    number=5,
    title="Token embeddings",
    defines={"TokenEmbedding": Kind.MODULE},
    hints=(
        "The table has one row for each token of the vocabulary. An id is the number of a row. "
        "Nothing is computed: rows are copied.",
        "`random.normal(shape, std=...)` creates a table of small random numbers; assigned to an "
        "attribute, it is a parameter. `F.gather(table, indices, axis)` picks slices of the table: "
        "along which axis do the tokens lie?",
        "`self.weight = random.normal([rows, columns], std=0.02)`, with the sizes from the config; "
        "then `F.gather(self.weight, input_ids, axis=...)`. The result has the axes of the "
        "ids, and behind them the columns.",
    ),
    kernels=4,
    constructions=(WIDER, OTHER),
    experiments=(
        call_with_ids(WIDER, WIDE, 3, 7),
        call_with_ids(WIDER, WIDE, 1, 1),
        call_with_ids(OTHER, PLAIN, 3, 2),
        call_with_ids(OTHER, PLAIN, 1, 7),
        spread_of_initial_weight(MANY_ROWS),
    ),
    symbolic=Symbolic(lambda subject: subject.module(WIDER), any_ids),
    misconceptions=(
        Misconception(
            "The rows are those of the first positions: it is the token's id that says which row.",
            {
                GATHER: (
                    "F.broadcast_to(self.weight[: input_ids.shape[1]], [input_ids.shape[0], "
                    "input_ids.shape[1], self.weight.shape[1]])"
                )
            },
        ),
        Misconception(
            "The table is transposed: a row is a token, a column a feature.",
            {"[config.vocab_size, config.n_embd]": "[config.n_embd, config.vocab_size]"},
        ),
        Misconception(
            "Columns are gathered instead of rows: tokens lie along the table's first axis.",
            {GATHER: "F.gather(self.weight, input_ids, axis=1)"},
        ),
        Misconception(
            "The table has a row for each position; here it is one for each token.",
            {"config.vocab_size, config.n_embd]": "config.n_positions, config.n_embd]"},
        ),
        Misconception(
            "The vectors are multiplied with the square root of n_embd, as in the first "
            "transformer: GPT-2 takes them as they are.",
            {GATHER: f"{GATHER} * (int(self.weight.shape[1]) ** 0.5)"},
        ),
        Misconception(
            "Only the first sequence of the batch is looked up.",
            {GATHER: GATHER.replace("input_ids", "input_ids[0]")},
        ),
        Misconception(
            "The vectors of all sequences are strung together: the batch has to stay an axis of "
            "its own.",
            {GATHER: f"{GATHER}.reshape([-1, self.weight.shape[1]])"},
        ),
        Misconception(
            "Each id picks the row below its own: the ids count from 0, and so do the rows.",
            {GATHER: GATHER.replace("input_ids", "(input_ids - 1)")},
        ),
        Misconception(
            "The table starts with a standard deviation of 1: vectors fifty times as large as "
            "those that GPT-2 starts with would drown everything else.",
            {"std=0.02": "std=1.0"},
        ),
        Misconception(
            "The table starts as zeros: all tokens would look alike.",
            {
                "random.normal([config.vocab_size, config.n_embd], std=0.02)": (
                    "Tensor.zeros([config.vocab_size, config.n_embd])"
                )
            },
        ),
        Misconception(
            "Square brackets with a tensor of ids pick no rows: unlike NumPy's they want whole "
            "numbers. There is an operation that gathers.",
            {GATHER: "self.weight[input_ids]"},
        ),
    ),
)
