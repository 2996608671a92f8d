"""Step 04: the feed-forward network."""

from course.lesson import Construction, Kind, Lesson, Misconception, Symbolic
from course.lessons.experiments import call_with_features
from course.lessons.tiny import PLAIN, WIDE, any_features

WIDER = Construction("GPT2MLP(28, config)", lambda step: step.GPT2MLP(28, WIDE))
FOURFOLD = Construction(
    "GPT2MLP(config.inner_dim, config)", lambda step: step.GPT2MLP(PLAIN.inner_dim, PLAIN)
)

GELU = 'F.gelu(hidden, approximate="tanh")'
C_FC = "Linear(config.n_embd, intermediate_size)"
C_PROJ = "Linear(intermediate_size, config.n_embd)"

LESSON = Lesson(
    number=4,
    title="Feed-forward network",
    defines={"GPT2MLP": Kind.MODULE},
    hints=(
        "Three things happen to each position's vector, by itself: it is made wider, bent by a "
        "curve that is almost 0 on the left and almost straight on the right, and made as narrow "
        "again as it was.",
        "`Linear(in_dim, out_dim)` creates a linear layer with its bias; a module is called like a "
        "function. `F.gelu` is the curve. It knows three forms of it: GPT-2 was trained with the "
        "one that uses tanh.",
        "`self.c_fc = Linear(config.n_embd, intermediate_size)`, and `c_proj` the other way round. "
        'Then `self.c_fc(x)`, `F.gelu(..., approximate="tanh")`, and `self.c_proj(...)` last.',
    ),
    kernels=5,
    constructions=(WIDER, FOURFOLD),
    experiments=(
        call_with_features(WIDER, 3, 7, WIDE.n_embd),
        call_with_features(WIDER, 1, 1, WIDE.n_embd),
        call_with_features(FOURFOLD, 3, 2, PLAIN.n_embd),
        call_with_features(FOURFOLD, 1, 7, PLAIN.n_embd, mean=2.0),
    ),
    symbolic=Symbolic(lambda subject: subject.module(WIDER), lambda: any_features(WIDE)),
    misconceptions=(
        Misconception(
            "This is the exact GELU. GPT-2 was trained with the approximation by tanh; the two "
            "differ in the fourth digit.",
            {GELU: "F.gelu(hidden)"},
        ),
        Misconception(
            "This is the quick GELU, a sigmoid: GPT-2 was trained with the approximation by tanh.",
            {GELU: 'F.gelu(hidden, approximate="quick")'},
        ),
        Misconception(
            "This is a ReLU, which cuts off sharply at 0: GPT-2 bends softly, with GELU.",
            {GELU: "F.relu(hidden)"},
        ),
        Misconception(
            "This is SiLU, as in Llama: GPT-2 uses GELU.",
            {GELU: "F.silu(hidden)"},
        ),
        Misconception(
            "Nothing bends between the two linear layers: together they are then only one.",
            {GELU: "hidden"},
        ),
        Misconception(
            "GELU comes after the second linear layer: it belongs between the two, where the "
            "vector is wide.",
            {
                GELU: "hidden",
                "self.c_proj(hidden)": GELU.replace("hidden", "self.c_proj(hidden)"),
            },
        ),
        Misconception(
            "GELU acts twice.",
            {"self.c_proj(hidden)": f"self.c_proj({GELU})"},
        ),
        Misconception(
            "The input is added to the result: the residual connection comes later, in step 8, "
            "and would be there twice.",
            {"return self.c_proj(hidden)": "return x + self.c_proj(hidden)"},
        ),
        Misconception(
            "The widths of the two layers are the wrong way round: in comes n_embd.",
            {
                C_FC: "Linear(intermediate_size, config.n_embd)",
                C_PROJ: "Linear(config.n_embd, intermediate_size)",
            },
        ),
        Misconception(
            "The inner width is always four times n_embd: intermediate_size says what it is.",
            {
                C_FC: "Linear(config.n_embd, 4 * config.n_embd)",
                C_PROJ: "Linear(4 * config.n_embd, config.n_embd)",
            },
        ),
        Misconception(
            "The inner width is taken from the config: whoever builds the network says what it "
            "is, by intermediate_size.",
            {
                C_FC: "Linear(config.n_embd, config.inner_dim)",
                C_PROJ: "Linear(config.inner_dim, config.n_embd)",
            },
        ),
        Misconception(
            "The linear layers have no bias: GPT-2's do, both of them.",
            {
                C_FC: ("Linear(config.n_embd, intermediate_size, bias=False)"),
                C_PROJ: "Linear(intermediate_size, config.n_embd, bias=False)",
            },
        ),
    ),
)
