"""Step 16: many texts at once."""

from course.lesson import Kind, Lesson

LESSON = Lesson(
    number=16,
    title="Many texts at once",
    defines={
        "pad": Kind.FUNCTION,
        "positions": Kind.FUNCTION,
        "attention_mask": Kind.FUNCTION,
    },
    hints=("", "", ""),
    kernels=0,
    experiments=(),
    misconceptions=(),
)
