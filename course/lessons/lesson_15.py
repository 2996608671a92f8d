"""Step 15: the KV cache."""

from course.lesson import Kind, Lesson

LESSON = Lesson(
    number=15,
    title="The KV cache",
    defines={
        "CachedAttention": Kind.MODULE,
    },
    hints=("", "", ""),
    kernels=0,
    experiments=(),
    misconceptions=(),
)
