"""Step 19: pages and a scheduler."""

from course.lesson import Kind, Lesson

LESSON = Lesson(
    number=19,
    title="Pages and a scheduler",
    defines={
        "PageTable": Kind.CLASS,
        "Scheduler": Kind.CLASS,
    },
    hints=("", "", ""),
    kernels=0,
    experiments=(),
    misconceptions=(),
)
