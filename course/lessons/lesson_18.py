"""Step 18: guessing ahead."""

from course.lesson import Kind, Lesson

LESSON = Lesson(
    number=18,
    title="Guessing ahead",
    defines={
        "prompt_lookup": Kind.FUNCTION,
        "accept": Kind.FUNCTION,
        "remainder": Kind.FUNCTION,
        "verify": Kind.FUNCTION,
    },
    hints=("", "", ""),
    kernels=0,
    experiments=(),
    misconceptions=(),
)
