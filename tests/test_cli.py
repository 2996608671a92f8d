"""The program, as a user meets it: text, mistakes, interruptions."""

import signal
import time

import pytest

from conftest import GOLDEN, run_gpt2, run_python, start_gpt2

SHAKESPEARE = ["generate", "ROMEO:", "--seed", "1"]


def test_help_and_version_import_nothing_heavy():
    script = (
        "import sys, commands.main\n"
        "sys.argv = ['gpt2', sys.argv[1]]\n"
        "try: commands.main.main()\n"
        "except SystemExit: pass\n"
        "print({'max', 'numpy', 'tokenizers', 'huggingface_hub'} & set(sys.modules))"
    )
    for option, shown in (("--help", "generate"), ("--version", "gpt2 0.")):
        run = run_python("-c", script, option)
        assert shown in run.stdout
        assert run.stdout.endswith("set()\n")


def test_text_goes_to_standard_output_and_the_figures_elsewhere():
    run = run_gpt2(*SHAKESPEARE, "--max-new-tokens", "20")
    assert run.returncode == 0
    assert run.stdout.startswith("ROMEO:")
    assert len(run.stdout) > len("ROMEO:") + 20
    assert "20 tokens in" in run.stderr
    assert "tokens per second" in run.stderr

    again = run_gpt2("generate", "--seed", "1", "--max-new-tokens", "20", "-q", stdin="ROMEO:\n")
    assert (again.returncode, again.stdout, again.stderr) == (0, run.stdout, "")


def test_an_empty_prompt_starts_where_texts_start():
    run = run_gpt2("generate", "", "--greedy", "--max-new-tokens", "8")
    assert run.returncode == 0
    assert run.stdout.strip()


def test_a_prompt_longer_than_the_context_keeps_its_end():
    run = run_gpt2("generate", "No, no. " * 100, "--greedy", "--max-new-tokens", "1")
    assert run.returncode == 0
    assert "longer than the context of 256 tokens" in run.stderr
    assert "tokens were dropped" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["X", "--model", "marlowe"], "unknown model 'marlowe': i-love-ai, shakespeare ship"),
        (["X", "--model", "./marlowe"], "there is no folder './marlowe'"),
        (["X", "--model", "nobody/nothing"], "cannot fetch 'nobody/nothing' from Hugging Face"),
        (["X", "--model", "gpt2-xl"], "no network, and it is not in the cache"),
        (["X", "--model", str(GOLDEN / "one-head")], "one-head has no tokenizer.json"),
        (["X", "--temperature", "-1"], "'--temperature': '-1' is not a number of 0 or more"),
        (["X", "--temperature", "warm"], "'warm' is not a number"),
        (["X", "--temperature", "nan"], "'nan' is not a number"),
        (["X", "--max-new-tokens", "0"], "'0' is not a whole number of 1 or more"),
        (["X", "--device", "gpu:99"], "no device 'gpu:99'"),
        (["X", "--device", "toaster"], "unknown device 'toaster'"),
        (["", "--model", "i-love-ai"], "the prompt is empty, and this model has no <|endoftext|>"),
        (["I fear AI", "--model", "i-love-ai"], "it knows: I love AI !"),
        (["--bogus"], "--bogus"),
    ],
)
def test_a_mistake_is_told_in_a_line_or_two(arguments, message):
    run = run_gpt2("generate", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert len(run.stderr.splitlines()) <= 2


def test_ctrl_c_keeps_the_text_and_leaves_with_130():
    process = start_gpt2(*SHAKESPEARE, "--max-new-tokens", "100000")
    text = process.stdout.read(20)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert text.startswith(b"ROMEO:")
    assert rest.endswith(b"\n")
    assert b"Traceback" not in errors


def test_ctrl_c_does_not_wait_for_the_compiler(tmp_path):
    process = start_gpt2(*SHAKESPEARE, MODULAR_CACHE_DIR=str(tmp_path))  # empty: it compiles
    time.sleep(8)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=5)
    assert (process.returncode, output) == (130, b"")
    assert b"Traceback" not in errors


def test_a_closed_pipe_is_no_error():
    process = start_gpt2(*SHAKESPEARE)
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(timeout=30) == -signal.SIGPIPE, errors
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors


def test_doctor_says_what_there_is():
    run = run_gpt2("doctor")
    assert run.returncode == 0
    for subject in ("Python", "MAX", "device", "compiled graphs", "shakespeare", "OpenAI's models"):
        assert subject in run.stdout
