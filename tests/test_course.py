"""The course as a reader meets it: stubs, commands, what is kept, and the model at the end."""

import json
import os
import re
import subprocess
import sys

import pytest

from conftest import ROOT
from course.court import Court
from course.files import NUMBERS, TENSORS, read_source, solution_path, step_path
from course.lessons import KERNELS, lesson
from course.stubs import make_stub, open_todos
from reader import Reader, judged


@pytest.fixture
def reader(tmp_path) -> Reader:
    return Reader(tmp_path)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_stub_is_made_from_the_solution(number):
    source, stub = read_source(step_path(number)), make_stub(number)
    if len(open_todos(source)) < len(open_todos(stub)):
        pytest.skip("a reader has begun this step")
    assert source == stub, f"gpt2 reset {number} brings it up to date"


def code(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip() and line.strip()[0] != "#"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_stub_says_what_is_to_be_done(number):
    stub = make_stub(number)
    todos = open_todos(stub)
    assert [todo.number for todo in todos] == list(range(1, len(todos) + 1))
    assert f"pixi run s{number:02}" in stub
    assert f"gpt2 check {number}" in stub
    assert "SOLUTION" not in stub
    assert "solutions" not in stub
    solution = read_source(solution_path(number))
    assert set(code(solution)) - set(code(stub))


@pytest.mark.parametrize("number", NUMBERS)
def test_a_stub_fails_with_its_own_message(number):
    report = judged(number, make_stub(number))
    assert not report.right
    total = len(open_todos(make_stub(number)))
    todo = f"Step {number:02}, TODO 1 of {total} is still to be written"
    assert report.finding[0] == todo


@pytest.mark.parametrize("number", NUMBERS)
def test_a_lesson_is_complete(number):
    it = lesson(number)
    assert it.number == number
    assert it.title
    assert all(it.hints)
    assert len({experiment.name for experiment in it.experiments}) == len(it.experiments)


@pytest.mark.slow
def test_kernels_are_counted():
    for number in NUMBERS:
        with Court() as court:
            court.prepare(number)
            assert court.kernels == lesson(number).kernels, number
    with Court() as court:
        for number in TENSORS:
            court.prepare(number)
        assert court.kernels == KERNELS


def test_texts_are_read_without_max():
    code = (
        "import sys; from course.lessons import lesson; [lesson(n) for n in range(1, 21)]; "
        "import commands.check, commands.hint, commands.reset; "
        "sys.exit('max' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ | {}).returncode == 0


@pytest.mark.slow
def test_one_step_alone(reader):
    """The others are stubs: the reference stands in for them, and the report says so."""
    reader.solve(9)
    status, output, errors = reader.run("check", "9")
    assert status == 0, output + errors
    assert "The reference stands in for steps 1, 3, 4, 7, 8" in output
    assert "next: step 10" in output
    assert "\x1b" not in output


@pytest.mark.slow
def test_a_wrong_step_does_not_break_a_later_one(reader):
    reader.solve(3, 9)
    source = reader.step(3).read_text()
    reader.step(3).write_text(source.replace("variance + self.eps", "variance"))
    status, output, _ = reader.run("check", "3")
    assert status == 1
    assert "eps is missing" in output
    reader.step(3).write_text("raise SystemExit\n")
    status, output, _ = reader.run("check", "9")
    assert status == 0
    assert "stands in for steps 1, 3, 4, 7, 8" in output


@pytest.mark.slow
def test_right_steps_are_used_even_if_nothing_is_remembered(reader):
    reader.solve(1, 3, 9)
    status, output, _ = reader.run("check", "9", "--json")
    report = json.loads(output)
    assert status == 0
    assert report["right"]
    assert report["stand_ins"] == [4, 7, 8]
    assert [phase["name"] for phase in report["phases"]][:2] == ["loads", "names"]


@pytest.mark.slow
def test_a_table_of_all(reader):
    reader.solve(1, 2)
    reader.step(4).unlink()
    reader.step(5).write_text("import time\ntime.sleep(60)\n")
    reader.step(6).write_text("import os\nos._exit(1)\n")
    status, output, _ = reader.run("check")
    assert status == 1
    lines = output.splitlines()
    assert [line.endswith(" ok") for line in lines[:20]] == [number in (1, 2) for number in NUMBERS]
    assert "there is no steps/step_04.py" in lines[3]
    assert "still running" in lines[4]
    assert "ended Python" in lines[5]
    assert "Step 07, TODO 1 of 5" in lines[6]
    assert "2 of 20 right" in output


BRINGS = (
    r"step 12 alone \d+ tokens/s, with your cache \d+, 8 texts at once \d+, with your kernel \d+, "
    r"8 texts in your pages \d+, with your q4_0 and lookup \d+$"
)


@pytest.mark.slow
def test_what_the_reader_wrote_is_what_runs(reader):
    arguments = ("ROMEO:", "--seed", "3", "--max-new-tokens", "30")
    reference = reader.run("generate", *arguments)
    reader.solve(*NUMBERS)
    status, output, errors = reader.run("generate", "--steps", *arguments)
    assert (status, output) == (0, reference[1]), errors
    assert "reference" not in errors
    assert re.search(BRINGS, errors.strip())
    prompts = reader.folder / "prompts.jsonl"
    prompts.write_text('{"prompt": "ROMEO:"}\n{"prompt": "KING", "max_new_tokens": 9}\n')
    batch = ("batch", str(prompts), "--ordered", *arguments[1:])
    reference_answers = reader.run(*batch)[1]
    status, answers, errors = reader.run(*batch, "--steps")
    assert (status, answers) == (0, reference_answers), errors
    assert len(answers.splitlines()) == 2
    assert "reference" not in errors
    for number in (7, *range(13, 21)):
        reader.step(number).write_text(make_stub(number))
    status, output, errors = reader.run("generate", "--steps", *arguments)
    assert (status, output) == (0, reference[1]), errors
    assert "the reference stands in: steps 7, 13 to 20" in errors
    assert re.search(r"step 12 alone \d+ tokens/s$", errors.strip())


PLACES = """
import sys
from course.own_steps import put_in_place, right_steps
print(put_in_place(right_steps()))
import gpt2.language_model, gpt2.engine.decoder, commands.tutorial
from gpt2.engine.sources import decoder_sources
modules = {n: sys.modules[f"solutions.solution_{n:02}"] for n in range(1, 20)}
print([n for n in modules if "step_" not in modules[n].__file__])
print([path.name for path in decoder_sources() if path.parent.name == "solutions"])
"""


@pytest.mark.slow
def test_every_solution_gives_its_place_to_a_right_step(reader):
    reader.solve(*NUMBERS)
    reader.step(14).write_text(make_stub(14))
    environment = os.environ | {"PYTHONPATH": str(reader.folder)}
    command = [sys.executable, "-c", PLACES]
    run = subprocess.run(
        command, cwd=reader.folder, env=environment, capture_output=True, text=True
    )
    assert run.stdout.splitlines() == ["[14]", "[14]", "[]"], run.stderr


@pytest.mark.slow
def test_progress_survives_the_loss_of_what_is_remembered(reader):
    reader.solve(1, 2)
    reader.run("check", "1")
    reader.run("check", "2")
    output = reader.run("progress")[1]
    assert [line.rstrip().endswith("right") for line in output.splitlines()[:3]] == [1, 1, 0]
    assert "2 of 20 right" in output
    state = reader.folder / "steps" / ".progress.json"
    state.write_text('{"1": {"right": tr')
    output = reader.run("progress")[1]
    assert "0 of 20 right" in output
    assert "not checked as it is now" in output
    reader.run("check")
    assert "2 of 20 right" in reader.run("progress")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "21"], "'N': 21 is not a whole number from 1 to 20"),
        (["hint", "seven"], "'N': 'seven' is not a whole number from 1 to 20"),
        (["reset"], "reset what? A step, 1 to 20, or --all"),
    ],
)
def test_mistakes_on_the_command_line(reader, arguments, message):
    status, output, errors = reader.run(*arguments)
    assert (status, output) == (2, "")
    assert message in errors
    assert len(errors.splitlines()) == 1


def test_stubs_lie_in_the_repository():
    assert {path.name for path in (ROOT / "steps").glob("step_??.*")} == {
        step_path(number).name for number in NUMBERS
    }
