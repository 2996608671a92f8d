"""Step 17: weights of fewer bits."""

from course.lesson import Kind, Lesson

LESSON = Lesson(
    number=17,
    title="Weights of fewer bits",
    defines={
        "quantize_q4_0": Kind.FUNCTION,
        "dequantize_q4_0": Kind.FUNCTION,
        "q4_0_product": Kind.FUNCTION,
    },
    hints=("", "", ""),
    kernels=0,
    experiments=(),
    misconceptions=(),
)
