"""`gpt2 generate --steps`: what the reader wrote, and what each part of it brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from commands.terminal import note, run_visibly

if TYPE_CHECKING:
    from collections.abc import Callable

NEW_TOKENS = 24  # are written by each part, to see how fast it is
PROMPT = "ROMEO:"
TEXTS = 8  # that are written together


class Part(NamedTuple):
    """A way to run the reader's steps."""

    steps: tuple[int, ...]  # those that it is made of, besides the model's
    what: str
    options: dict[str, object]  # of load
    texts: int = 1


PARTS = (
    Part((15,), "with your cache", {"kernels": False}),
    Part((15, 16), f"{TEXTS} texts at once", {"kernels": False}, TEXTS),
    Part((20,), "with your kernel", {}),
    Part((19, 20), f"{TEXTS} texts in your pages", {}, TEXTS),
    Part((17, 18), "with your q4_0 and lookup", {"quantize": "q4_0", "speculate": "lookup"}),
)


def use_own_steps() -> list[int]:
    """Puts the reader's steps in their places, and says which of them are not theirs yet."""
    from course.own_steps import put_in_place, right_steps

    right = run_visibly(right_steps, "Reading your steps", "Checking your steps:")
    stand_ins = put_in_place(right)  # in this thread, in which MAX has to be loaded
    if stand_ins:
        note(f"Not right yet, so the reference stands in: {listed(stand_ins)}.")
    return stand_ins


def tell_what_they_bring(model: str, device: str, stand_ins: list[int]) -> None:
    """Says how fast the loop of step 12 is by itself, and what each step of the engine adds."""
    speeds = [f"step 12 alone {_tutorial_speed(model, device):.0f} tokens/s"]
    for part in PARTS:
        if not set(part.steps) & set(stand_ins):
            speeds.append(f"{part.what} {_speed(model, device, part):.0f}")
    note(", ".join(speeds))


def _speed(model: str, device: str, part: Part) -> float:
    from gpt2.language_model import load

    def prepare() -> Callable[[], object]:
        it = load(model, device=device, **part.options)
        options = {"temperature": 0, "max_new_tokens": NEW_TOKENS}
        return lambda: it.generate(PROMPT, samples=part.texts, **options)

    return part.texts * _timed(prepare, part.what)


def _tutorial_speed(model: str, device: str) -> float:
    from commands.tutorial import TutorialModel
    from gpt2.checkpoint.locate import locate
    from gpt2.checkpoint.tokenizer import Tokenizer
    from gpt2.devices import choose_device
    from gpt2.text.continuation import Continuation
    from gpt2.text.options import Options

    def prepare() -> Callable[[], object]:
        folder = locate(model)
        tokenizer = Tokenizer(folder)
        options = Options(temperature=0, max_new_tokens=NEW_TOKENS)

        def text() -> Continuation:
            return Continuation(tokenizer, tokenizer.encode_prompt(PROMPT), options, None)

        tutorial = TutorialModel(folder, choose_device(device), text())
        return lambda: list(tutorial.write(text()))

    return _timed(prepare, "step 12's loop")


def _timed(prepare: Callable[[], Callable[[], object]], what: str) -> float:
    """Tokens per second of one text that what prepare returns writes."""
    import time

    def measure() -> float:
        write = prepare()
        write()
        began = time.monotonic()
        write()
        return NEW_TOKENS / (time.monotonic() - began)

    return run_visibly(measure, f"Measuring {what}", f"Compiling {what}: a minute or two, once.")


def listed(numbers: list[int]) -> str:
    """Numbers in words, those in a row as one."""
    rows: list[list[int]] = []
    for number in numbers:
        if rows and rows[-1][-1] == number - 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    words = [f"{row[0]} to {row[-1]}" if len(row) > 2 else ", ".join(map(str, row)) for row in rows]
    return f"step{'s' if len(numbers) > 1 else ''} {', '.join(words)}"
