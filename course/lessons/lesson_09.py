"""Step 09: the transformer block."""

from course.lesson import Construction, Kind, Lesson, Misconception, Symbolic
from course.lessons.experiments import call_with_features
from course.lessons.tiny import PLAIN, WIDE, any_features

BLOCK = Construction("GPT2Block(config)", lambda step: step.GPT2Block(WIDE))
OTHER = Construction("GPT2Block(other)", lambda step: step.GPT2Block(PLAIN))
ATTENTION = "x = pre_norm_residual(x, self.ln_1, self.attn)"
FEED_FORWARD = "return pre_norm_residual(x, self.ln_2, self.mlp)"
LN_1 = "self.ln_1 = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)"
LN_2 = "self.ln_2 = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)"

LESSON = Lesson(
    number=9,
    title="Transformer block",
    defines={"GPT2Block": Kind.MODULE},
    hints=(
        "A block is two residual connections, one after the other. In the first, the tokens "
        "exchange information; in the second, each works on what it got. Each has a norm of its "
        "own.",
        "All parts exist: LayerNorm (it takes eps), GPT2MultiHeadAttention, GPT2MLP (it takes the "
        "inner width first), pre_norm_residual. The attributes' names are those of the "
        "checkpoint: ln_1, attn, ln_2, mlp.",
        "`self.ln_1 = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)`, and ln_2 the same; "
        "`GPT2MLP(config.inner_dim, config)`. In forward, x becomes "
        "`pre_norm_residual(x, self.ln_1, self.attn)`; the second line looks just like it.",
    ),
    kernels=13,
    constructions=(BLOCK, OTHER),
    experiments=(
        call_with_features(BLOCK, 3, 7, WIDE.n_embd),
        call_with_features(BLOCK, 1, 1, WIDE.n_embd),
        call_with_features(OTHER, 3, 2, PLAIN.n_embd),
    ),
    symbolic=Symbolic(lambda subject: subject.module(BLOCK), lambda: any_features(WIDE)),
    misconceptions=(
        Misconception(
            "One norm serves both sublayers: each has its own weights.",
            {FEED_FORWARD: FEED_FORWARD.replace("ln_2", "ln_1")},
        ),
        Misconception(
            "The two norms are swapped.",
            {
                ATTENTION: ATTENTION.replace("ln_1", "ln_2"),
                FEED_FORWARD: FEED_FORWARD.replace("ln_2", "ln_1"),
            },
        ),
        Misconception(
            "The feed-forward network comes first: attention gathers, then it works on what was "
            "gathered.",
            {
                ATTENTION: "x = pre_norm_residual(x, self.ln_2, self.mlp)",
                FEED_FORWARD: "return pre_norm_residual(x, self.ln_1, self.attn)",
            },
        ),
        Misconception(
            "Both sublayers read the block's input, side by side: the feed-forward network has to "
            "see what attention added.",
            {
                ATTENTION: "attended = pre_norm_residual(x, self.ln_1, self.attn)",
                FEED_FORWARD: ("return attended + pre_norm_residual(x, self.ln_2, self.mlp) - x"),
            },
        ),
        Misconception(
            "Attention has no residual connection: its result takes the place of x.",
            {ATTENTION: "x = self.attn(self.ln_1(x))"},
        ),
        Misconception(
            "The feed-forward network has no residual connection: its result takes the place of x.",
            {FEED_FORWARD: "return self.mlp(self.ln_2(x))"},
        ),
        Misconception(
            "There are no residual connections at all.",
            {
                ATTENTION: "x = self.attn(self.ln_1(x))",
                FEED_FORWARD: "return self.mlp(self.ln_2(x))",
            },
        ),
        Misconception(
            "The block ends after attention: the feed-forward network is missing.",
            {FEED_FORWARD: "return x"},
        ),
        Misconception(
            "What attention found never arrives: it is not called, or its result is dropped.",
            {ATTENTION: "pass"},
        ),
        Misconception(
            "x is added once too often: pre_norm_residual has already added it.",
            {ATTENTION: "x = x + pre_norm_residual(x, self.ln_1, self.attn)"},
        ),
        Misconception(
            "x is added once too often: pre_norm_residual has already added it.",
            {
                ATTENTION: "x = x + pre_norm_residual(x, self.ln_1, self.attn)",
                FEED_FORWARD: "return x + pre_norm_residual(x, self.ln_2, self.mlp)",
            },
        ),
        Misconception(
            "One residual connection spans the whole block: each sublayer has its own.",
            {
                ATTENTION: "attended = self.attn(self.ln_1(x))",
                FEED_FORWARD: "return x + self.mlp(self.ln_2(attended))",
            },
        ),
        Misconception(
            "The norms come after the sums, as in the first transformer: GPT-2 normalizes what "
            "goes into each sublayer.",
            {
                ATTENTION: "x = self.ln_1(x + self.attn(x))",
                FEED_FORWARD: "return self.ln_2(x + self.mlp(x))",
            },
        ),
        Misconception(
            "The norms use an epsilon of their own: the config says what it is.",
            {
                LN_1: "self.ln_1 = LayerNorm(config.n_embd)",
                LN_2: "self.ln_2 = LayerNorm(config.n_embd)",
            },
        ),
        Misconception(
            "The feed-forward network is always four times as wide: the config has a width for it.",
            {"GPT2MLP(config.inner_dim, config)": "GPT2MLP(4 * config.n_embd, config)"},
        ),
        Misconception(
            "The feed-forward network is as wide as the model: the config has a width for it.",
            {"GPT2MLP(config.inner_dim, config)": "GPT2MLP(config.n_embd, config)"},
        ),
    ),
)
