"""`gpt2 batch`: a file of prompts, answered together, and nothing lost."""

import json
import signal

import pytest

from commands.app import main
from conftest import start_gpt2

LINES = [
    {"prompt": "ROMEO:", "max_new_tokens": 30},
    {"prompt": "JULIET:\nO", "temperature": 0},
    {"prompt": "KING", "stop": ["\n"], "top_k": 5},
    {"prompt": ""},
]
ARGUMENTS = ("--max-new-tokens", "12", "--seed", "4", "--quiet")


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text("\n\n".join(map(json.dumps, LINES)))  # with blank lines, and no end
    return path


def answers_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_answered_as_alone(model, prompts, capfd):
    assert main(["batch", str(prompts), "--ordered", *ARGUMENTS]) == 0
    answers = answers_of(capfd.readouterr().out)
    assert [answer["line"] for answer in answers] == [1, 3, 5, 7]
    for answer, options in zip(answers, LINES, strict=True):
        chosen = {"temperature": 0.8, "max_new_tokens": 12, "seed": 3 + answer["line"]} | options
        (alone,) = model.generate(chosen.pop("prompt"), **chosen)
        assert answer["text"] == alone.text
        assert answer["finish_reason"] == alone.finish_reason
        assert answer["tokens"] == len(alone.ids)


def test_what_is_answered_is_not_asked_again(prompts, tmp_path, capfd):
    output = tmp_path / "answers.jsonl"
    command = ["batch", str(prompts), "--output", str(output), *ARGUMENTS]
    assert main([*command, "--ordered"]) == 0
    whole = output.read_bytes()
    assert [answer["line"] for answer in answers_of(whole.decode())] == [1, 3, 5, 7]
    assert main(command) == 0
    assert output.read_bytes() == whole
    lines = whole.splitlines(keepends=True)
    output.write_bytes(lines[0] + lines[3] + lines[1][:20])  # as a kill in mid-word leaves it
    assert main([*command, "--ordered"]) == 0
    assert output.read_bytes() == whole
    assert main(["batch", str(prompts), "--output", str(output), "--max-new-tokens", "3"]) == 0
    assert len(output.read_bytes().splitlines()) == 8  # other options, other answers
    assert output.read_bytes().startswith(whole)
    assert capfd.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_batch_that_is_ended_goes_on_where_it_was(number, tmp_path):
    prompts, output = tmp_path / "prompts.jsonl", tmp_path / "answers.jsonl"
    lines = [{"prompt": "ROMEO:", "max_new_tokens": 5 + 20 * i} for i in range(30)]
    prompts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = ["batch", str(prompts), "--output", str(output), "--seed", "1"]
    process = start_gpt2(*command)
    while not (output.exists() and output.read_bytes().count(b"\n") >= 3):
        assert process.poll() is None
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    before = output.read_bytes()
    assert 3 <= before.count(b"\n") < 30
    if number == signal.SIGINT:
        assert process.returncode == 130
        count = before.count(b"\n")
        assert f"{count} of 30 lines are answered" in errors.decode()
    assert main(command) == 0
    after = output.read_bytes()
    assert after.startswith(before[: before.rfind(b"\n") + 1])
    assert sorted(answer["line"] for answer in answers_of(after.decode())) == [*range(1, 31)]


@pytest.mark.parametrize("content", ["[1]", "one\ntwo\n", '{"prompt": "x"}\n', '{"line": 1}\n'])
def test_a_file_that_holds_something_else_stays_as_it_is(content, prompts, tmp_path, capsys):
    output = tmp_path / "letter.txt"
    output.write_text(content)
    assert main(["batch", str(prompts), "--output", str(output)]) == 2
    assert output.read_text() == content
    assert "is no answer of `gpt2 batch`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hello", "line 2, cannot be read as JSON: Expecting value"),
        ("[1]", "line 2, has to hold names and values {...}, not [1]"),
        ('{"promt": "a"}', "line 2, has no prompt, but ['promt']"),
        ('{"prompt": 3}', "line 2, cannot be answered: prompt: 3 is not a string"),
        ('{"prompt": "a", "seed": -1}', "seed: -1 is not a whole number of 0 or more"),
        ('{"prompt": "a", "temprature": 1}', "did you mean temperature?"),
        ('{"prompt": "a", "prompt": "b"}', "prompt is there twice"),
        ('{"prompt": "\\ud800"}', r"line 2, has half a character: \ud800"),
    ],
)
def test_a_wrong_line_is_told_before_anything_is_loaded(line, message, tmp_path, capsys):
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text(json.dumps(LINES[0]) + "\n" + line)
    assert main(["batch", str(prompts), "--model", "no/such-model"]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert len(errors.splitlines()) == 1


def test_files_that_cannot_be_used(prompts, tmp_path, capsys):
    for arguments, message in (
        ([tmp_path / "none"], "cannot be read: No such file"),
        ([prompts, "--output", prompts], "has the prompts: choose another file"),
        ([prompts, "--output", tmp_path], "cannot be written: Is a directory"),
    ):
        assert main(["batch", *map(str, arguments)]) == 2
        assert message in capsys.readouterr().err
