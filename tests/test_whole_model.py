"""`gpt2 show`: the twelve solutions as one program, which computes what they compute."""

import io

import numpy as np
import pytest
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.tensor import Tensor, default_device, default_dtype

from commands.app import app
from conftest import ROOT
from course.lessons.tiny import WIDE, token_ids
from course.subject import random_weight
from course.whole_model import whole_model
from solutions import solution_11, solution_12

IDS = token_ids(WIDE, 1, 5)


def test_the_book_shows_what_the_program_prints(capsys):
    app(["show"], standalone_mode=False)
    printed = capsys.readouterr().out
    page = ROOT / "book" / "src" / "gpt2.py"
    assert page.read_text(encoding="utf-8") == printed, "uv run gpt2 show > book/src/gpt2.py"


def test_no_mark_of_the_course_is_left():
    text = whole_model()
    assert not any(word in text for word in ("SOLUTION", "TODO", "ANCHOR", "MAX:", "solutions"))
    assert text.count("\n# Step ") == 12
    assert text.count("\nimport ") + text.count("\nfrom ") == text.partition("\n# Step ")[0].count(
        "import "
    )


def test_colours_are_for_terminals_only(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    app(["show"], standalone_mode=False)
    import sys

    from rich.text import Text

    written = sys.stdout.getvalue()
    assert "\x1b[" in written
    assert Text.from_ansi(written).plain.rstrip() == whole_model().rstrip()


def _logits_and_text(model_class, generate):
    with default_device(CPU()), default_dtype(DType.float32), F.lazy():
        model = model_class(WIDE)
    shapes = {name: tuple(map(int, parameter.shape)) for name, parameter in model.parameters}
    model.load_state_dict({name: random_weight(name, shape) for name, shape in shapes.items()})
    with F.lazy():
        logits = model(Tensor(IDS, dtype=DType.int64, device=CPU()))
    rng = np.random.default_rng(7)
    text = generate(model, Tensor(IDS, dtype=DType.int64, device=CPU()), 6, rng=rng)
    return np.from_dlpack(logits), np.from_dlpack(text)


@pytest.mark.slow
def test_it_computes_what_the_solutions_compute_bit_by_bit():
    program: dict[str, object] = {"__name__": "gpt2_in_one_file"}
    exec(compile(whole_model(), "gpt2.py", "exec"), program)
    own = _logits_and_text(program["GPT2LMHeadModel"], program["generate"])
    reference = _logits_and_text(solution_11.GPT2LMHeadModel, solution_12.generate)
    for found, expected in zip(own, reference, strict=True):
        assert np.array_equal(found, expected)
