"""Step 20: a kernel."""

from course.lesson import Kind, Lesson, Misconception
from course.lessons.panels import measure, multiply

ROWS = "for i in range(k):"
LOAD = "panel.unsafe_load[width=LANES](i * LANES)"
NUMBER = "x.unsafe_load(i)"
BROADCAST = f"Lanes({NUMBER})"
SUM = f"weights.fma({BROADCAST}, sums)"
PANEL = "panels.unsafe_offset(p * k * LANES)"
STORE = "output.unsafe_store(p * LANES, multiply(x, panel, k))"

LESSON = Lesson(
    number=20,
    title="A kernel",
    defines={"product": Kind.FUNCTION},
    hints=(
        "Read the panel from its first number to its last, once. Row i of it has the weights of 16 "
        "outputs for x[i]: one instruction multiplies all 16 with that number and adds them to 16 "
        "sums. The sums stay in a register until the panel is through; then they are written.",
        "`var sums = Lanes(0)` are 16 zeros. `panel.unsafe_load[width=LANES](place)` loads 16 "
        "numbers that lie side by side, `x.unsafe_load(i)` loads one, and `Lanes(number)` repeats "
        "it 16 times. `a.fma(b, c)` is a * b + c. `unsafe_offset` moves a pointer on by a count of "
        "numbers, `unsafe_store` writes all lanes.",
        "Row i begins at `i * LANES`; panel p begins at `p * k * LANES`, and its sums at "
        "`p * LANES` of the output. In the loop: `sums = weights.fma(..., sums)`, where the dots "
        "are x[i], 16 times.",
    ),
    kernels=1,
    experiments=(multiply(1, 1), multiply(1, 7), multiply(3, 7), multiply(5, 100), multiply(2, 64)),
    speed=measure,
    misconceptions=(
        Misconception(
            "Only the last row counts: each row's products have to be added to those of the rows "
            "before.",
            {SUM: f"weights * {BROADCAST}"},
        ),
        Misconception(
            "The last row is left out: there are k of them, and they are counted from 0.",
            {ROWS: "for i in range(k - 1):"},
        ),
        Misconception(
            "The first row is left out: they are counted from 0.",
            {ROWS: "for i in range(1, k):"},
        ),
        Misconception(
            "Only every 16th row is read: a load takes 16 numbers, but those are one row, and the "
            "next row comes next.",
            {ROWS: "for i in range(0, k, LANES):"},
        ),
        Misconception(
            "Each output is multiplied with another number of x: a row belongs to one number, "
            "which has to be repeated 16 times.",
            {BROADCAST: "x.unsafe_load[width=LANES](i)"},
        ),
        Misconception(
            "All rows are multiplied with the first number of x: each row has its own.",
            {NUMBER: "x.unsafe_load(0)"},
        ),
        Misconception(
            "x is not looked at: the weights are added up as they are.",
            {SUM: "weights + sums"},
        ),
        Misconception(
            "x and the weights are added up: they have to be multiplied with each other first.",
            {SUM: f"weights + {BROADCAST} + sums"},
        ),
        *(
            Misconception(
                "fma mixes its three up: what it is called on and what comes first in the brackets "
                "are multiplied, and what comes second is added.",
                {SUM: mixed},
            )
            for mixed in (
                f"sums.fma(weights, {BROADCAST})",
                f"sums.fma({BROADCAST}, weights)",
            )
        ),
        Misconception(
            "The 16 sums are added up in the end: they belong to 16 outputs.",
            {"return sums": "return Lanes(sums.reduce_add())"},
        ),
        Misconception(
            "The rows overlap: a row has 16 numbers, so the next one begins 16 numbers later.",
            {LOAD: "panel.unsafe_load[width=LANES](i)"},
        ),
        Misconception(
            "Each number of the first row is repeated: all 16 of a row have to be loaded at once.",
            {LOAD: "Lanes(panel.unsafe_load(i))"},
        ),
        Misconception(
            "The first of the 16 weights stands for all: a load of one number takes one, a load "
            "with a width of LANES all of a row.",
            {LOAD: "Lanes(panel.unsafe_load(i * LANES))"},
        ),
        *(
            Misconception(
                "Places are counted in bytes: loads, stores and offsets count numbers.",
                {text: text.replace(" * LANES", " * LANES * 4")},
            )
            for text in (LOAD, PANEL, STORE)
        ),
        Misconception(
            "The panels overlap: a panel has k rows of 16 numbers, and the next one begins behind "
            "all of them.",
            {PANEL: "panels.unsafe_offset(p * LANES)"},
        ),
        Misconception(
            "The panels overlap: a panel has k rows of 16 numbers, and the next one begins behind "
            "all of them.",
            {PANEL: "panels.unsafe_offset(p * k)"},
        ),
        Misconception(
            "Where a panel begins is computed from how many there are: k says how long each is.",
            {PANEL: "panels.unsafe_offset(p * count * LANES)"},
        ),
        Misconception(
            "Every output is that of the first panel.",
            {PANEL: "panels"},
        ),
        Misconception(
            "x moves on with the panels: all of them are multiplied with the same k numbers.",
            {STORE: STORE.replace("x,", "x.unsafe_offset(p * k),")},
        ),
        Misconception(
            "The first panel's outputs are the only ones that are written: each panel has a place "
            "of its own in the output.",
            {STORE: STORE.replace("(p * LANES,", "(0,")},
        ),
        Misconception(
            "The outputs overlap: each panel has 16, so the next ones begin 16 numbers later.",
            {STORE: STORE.replace("(p * LANES,", "(p,")},
        ),
        Misconception(
            "Only one of a panel's 16 sums is stored.",
            {STORE: STORE.replace("k))", "k)[0])")},
        ),
        Misconception(
            "The sums are added to what stood in the output: that is anything, and is to be "
            "overwritten.",
            {
                STORE: STORE.replace(
                    "multiply(", "output.unsafe_load[width=LANES](p * LANES) + multiply("
                )
            },
        ),
        Misconception(
            "The last panel is left out: there are count of them, and they are counted from 0.",
            {"in range(count)": "in range(count - 1)"},
        ),
        Misconception(
            "The panel is read as if the k weights of an output lay side by side: in a panel it is "
            "the 16 outputs that do.",
            {
                f"var weights = {LOAD}": "var weights = Lanes(0)\n"
                "        for lane in range(LANES):\n"
                "            weights[lane] = panel.unsafe_load(lane * k + i)"
            },
        ),
    ),
)
