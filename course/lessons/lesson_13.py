"""Step 13: loading a checkpoint."""

from course.lesson import Kind, Lesson

LESSON = Lesson(
    number=13,
    title="Loading a checkpoint",
    defines={
        "parameter_name": Kind.FUNCTION,
        "is_conv1d": Kind.FUNCTION,
        "to_float32": Kind.FUNCTION,
        "load_weights": Kind.FUNCTION,
    },
    hints=("", "", ""),
    kernels=0,
    experiments=(),
    misconceptions=(),
)
