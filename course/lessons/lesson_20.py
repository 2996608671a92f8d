"""Step 20: a kernel."""

from course.lesson import Kind, Lesson, Misconception
from course.lessons.panels import measure, multiply

LOAD = "panel.unsafe_load[width=LANES](i * LANES)"
BROADCAST = "Lanes(x.unsafe_load(i))"
SUM = f"weights.fma({BROADCAST}, sums)"
BEGIN = "panels.unsafe_offset(p * k * LANES)"
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
            {"in range(k)": "in range(k - 1)"},
        ),
        Misconception(
            "Each output is multiplied with another number of x: a row belongs to one number, "
            "which has to be repeated 16 times.",
            {BROADCAST: "x.unsafe_load[width=LANES](i)"},
        ),
        Misconception(
            "x is not looked at: the weights are added up as they are.",
            {SUM: "weights + sums"},
        ),
        Misconception(
            "The rows overlap: a row has 16 numbers, so the next one begins 16 numbers later.",
            {LOAD: "panel.unsafe_load[width=LANES](i)"},
        ),
        Misconception(
            "The panels overlap: a panel has k rows of 16 numbers, and the next one begins behind "
            "all of them.",
            {BEGIN: "panels.unsafe_offset(p * LANES)"},
        ),
        Misconception(
            "Every output is that of the first panel.",
            {BEGIN: "panels"},
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
            "The panel is read as if the k weights of an output lay side by side: in a panel it is "
            "the 16 outputs that do.",
            {
                "var weights = " + LOAD: "var weights = Lanes(0)\n"
                "        for lane in range(LANES):\n"
                "            weights[lane] = panel.unsafe_load(lane * k + i)"
            },
        ),
    ),
)
