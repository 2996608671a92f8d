"""The program, as a user meets it: text, mistakes, interruptions."""

import signal
import time

import pytest

from commands.app import main
from conftest import GOLDEN, run_gpt2, run_python, start_gpt2

SHAKESPEARE = ["generate", "ROMEO:", "--seed", "1"]


def test_help_and_version_import_nothing_heavy():
    script = (
        "import sys, commands.app\n"
        "commands.app.main(sys.argv[1:])\n"
        "print({'max', 'numpy', 'tokenizers', 'huggingface_hub'} & set(sys.modules))"
    )
    for option, shown in (("--help", "generate"), ("--version", "gpt2 0.")):
        run = run_python("-c", script, option)
        assert shown in run.stdout
        assert run.stdout.endswith("set()\n")


@pytest.mark.slow
def test_text_goes_to_standard_output_and_the_figures_elsewhere():
    run = run_gpt2(*SHAKESPEARE, "--max-new-tokens", "20")
    assert run.returncode == 0
    assert run.stdout.startswith("ROMEO:")
    assert len(run.stdout) > len("ROMEO:") + 20
    assert "20 tokens in" in run.stderr
    assert "tokens per second" in run.stderr

    again = run_gpt2("generate", "--seed", "1", "--max-new-tokens", "20", "-q", stdin="ROMEO:\n")
    assert (again.returncode, again.stdout, again.stderr) == (0, run.stdout, "")


@pytest.mark.slow
def test_an_empty_prompt_starts_where_texts_start():
    run = run_gpt2("generate", "", "--greedy", "--max-new-tokens", "8")
    assert run.returncode == 0
    assert run.stdout.strip()


@pytest.mark.slow
def test_a_prompt_longer_than_the_context_keeps_its_end():
    run = run_gpt2("generate", "No, no. " * 100, "--greedy", "--max-new-tokens", "1")
    assert run.returncode == 0
    assert "longer than the context of 256 tokens" in run.stderr
    assert "tokens were dropped" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "marlowe"], "unknown model 'marlowe': i-love-ai, shakespeare ship"),
        (["--model", "./marlowe"], "there is no folder './marlowe'"),
        (["--model", str(GOLDEN / "one-head")], "one-head has no tokenizer.json"),
        (["--device", "gpu:99"], "no device 'gpu:99'"),
        (["--device", "toaster"], "unknown device 'toaster'"),
    ],
)
def test_a_mistake_is_told_in_a_line_or_two(capsys, arguments, message):
    assert main(["generate", "X", *arguments]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert message in errors
    assert len(errors.splitlines()) <= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["X", "--model", "nobody/nothing"], "cannot fetch 'nobody/nothing' from Hugging Face"),
        (["X", "--model", "gpt2-xl"], "no network, and it is not in the cache"),
        (["", "--model", "i-love-ai"], "the prompt is empty, and this model has no <|endoftext|>"),
        (["I fear AI", "--model", "i-love-ai"], "it knows: I love AI !"),
    ],
)
def test_what_the_hub_or_a_model_lacks_is_told_in_a_line_or_two(arguments, message):
    run = run_gpt2("generate", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) <= 2


@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_the_compiler(tmp_path):
    process = start_gpt2(*SHAKESPEARE, MODULAR_CACHE_DIR=str(tmp_path))  # empty: it compiles
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=5)
    assert (process.returncode, output) == (130, b"")
    assert b"Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek", "1"], "gpt2: No such command 'chek'. Did you mean 'check'? (gpt2 --help)\n"),
        (["generate", "--modle", "x"], "Possible options: --model"),
        (["hint"], "gpt2: Missing argument 'N' (gpt2 hint --help)\n"),
    ],
)
def test_a_mistyped_command_is_told_the_nearest(capsys, arguments, words):
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_no_arguments_are_a_call_for_help(capsys):
    assert main([]) == 0
    assert "generate  Continue a text." in capsys.readouterr().out


@pytest.mark.slow
def test_doctor_says_what_there_is():
    run = run_gpt2("doctor")
    assert run.returncode == 0
    for subject in ("Python", "MAX", "device", "compiled graphs", "shakespeare", "OpenAI's models"):
        assert subject in run.stdout
