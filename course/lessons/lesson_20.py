"""Step 20: a kernel."""

from course.lesson import Kind, Lesson

LESSON = Lesson(
    number=20,
    title="A kernel",
    defines={
        "product": Kind.FUNCTION,
    },
    hints=("", "", ""),
    kernels=0,
    experiments=(),
    misconceptions=(),
)
