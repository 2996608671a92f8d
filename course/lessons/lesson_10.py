"""Step 10: stacking the blocks."""

from course.lesson import Construction, Kind, Lesson, Misconception, Symbolic
from course.lessons.experiments import call_with_ids
from course.lessons.tiny import PLAIN, WIDE, any_ids

TWO_BLOCKS = Construction("GPT2Model(config)", lambda step: step.GPT2Model(WIDE))
ONE_BLOCK = Construction("GPT2Model(other)", lambda step: step.GPT2Model(PLAIN))
EMBED = "x = self.wte(input_ids) + self.wpe(input_ids)"
BLOCKS = "ModuleList([GPT2Block(config) for _ in range(config.n_layer)])"
LOOP = "for block in self.h:\n            x = block(x)"

LESSON = Lesson(
    number=10,
    title="Stacking blocks",
    defines={"GPT2Model": Kind.MODULE},
    hints=(
        "A token's vector and its position's are added, feature by feature. The sum goes through "
        "all blocks, one after the other, each with weights of its own. What comes out of the "
        "last is normalized once more.",
        "`ModuleList` holds modules in a row; their parameters are named h.0, h.1 and so on, and "
        "you can loop over it. The other attributes are wte, wpe and ln_f.",
        "`ModuleList([GPT2Block(config) for _ in range(...)])`. In forward: "
        "`self.wte(input_ids) + self.wpe(input_ids)`, then `x = block(x)` for each block, then "
        "`self.ln_f(x)`. ln_f takes its eps from the config.",
    ),
    kernels=15,
    constructions=(TWO_BLOCKS, ONE_BLOCK),
    experiments=(
        call_with_ids(TWO_BLOCKS, WIDE, 3, 7),
        call_with_ids(TWO_BLOCKS, WIDE, 1, 1),
        call_with_ids(ONE_BLOCK, PLAIN, 3, 2),
    ),
    symbolic=Symbolic(lambda subject: subject.module(TWO_BLOCKS), any_ids),
    misconceptions=(
        Misconception(
            "The last norm is created but not used.",
            {"return self.ln_f(x)": "return x"},
        ),
        Misconception(
            "The last norm acts after every block: it comes once, at the end.",
            {
                LOOP: "for block in self.h:\n            x = self.ln_f(block(x))",
                "return self.ln_f(x)": "return x",
            },
        ),
        Misconception(
            "The last norm comes before the blocks instead of after them.",
            {
                EMBED: "x = self.ln_f(self.wte(input_ids) + self.wpe(input_ids))",
                "return self.ln_f(x)": "return x",
            },
        ),
        Misconception(
            "The positions are missing: the model cannot tell the order of the tokens.",
            {EMBED: "x = self.wte(input_ids)"},
        ),
        Misconception(
            "The embeddings of tokens and positions are multiplied: they are to be added.",
            {EMBED: EMBED.replace(" + ", " * ")},
        ),
        Misconception(
            "The positions are added before every block: once, at the start, is enough.",
            {
                LOOP: "for block in self.h:\n            x = block(x + self.wpe(input_ids))",
                EMBED: "x = self.wte(input_ids)",
            },
        ),
        Misconception(
            "The blocks are created but not used.",
            {LOOP: ""},
        ),
        Misconception(
            "Only the first block is used.",
            {LOOP: "x = self.h[0](x)"},
        ),
        Misconception(
            "The first block is used again and again, in place of the others.",
            {LOOP: "for _ in self.h:\n            x = self.h[0](x)"},
        ),
        Misconception(
            "The blocks run in reverse order.",
            {LOOP: "for block in list(self.h)[::-1]:\n            x = block(x)"},
        ),
        Misconception(
            "Each block reads the embeddings again: it has to read what the block before it wrote.",
            {LOOP: "embedded = x\n        for block in self.h:\n            x = block(embedded)"},
        ),
        Misconception(
            "There are as many blocks as heads: n_layer says how many there are.",
            {"range(config.n_layer)": "range(config.n_head)"},
        ),
        Misconception(
            "It is the same block many times: each has to be created anew, or they share their "
            "weights.",
            {BLOCKS: "ModuleList([GPT2Block(config)] * config.n_layer)"},
        ),
        Misconception(
            "There is one block only: n_layer says how many there are.",
            {"range(config.n_layer)": "range(1)"},
        ),
        Misconception(
            "The last norm uses an epsilon of its own: the config says what it is.",
            {"LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)": "LayerNorm(config.n_embd)"},
        ),
        Misconception(
            "The token embeddings are added twice, and the positions are missing.",
            {EMBED: "x = self.wte(input_ids) + self.wte(input_ids)"},
        ),
        Misconception(
            "The token embeddings have another name: checkpoints know them as wte, and find no "
            "place for theirs.",
            {
                "self.wte = TokenEmbedding(config)": "self.tok = TokenEmbedding(config)",
                EMBED: EMBED.replace("self.wte", "self.tok"),
            },
        ),
    ),
)
