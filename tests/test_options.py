"""The options of a generation: said once, for Python and for the command line."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from commands.app import main
from gpt2 import load
from gpt2.engine.formats import QUANTIZED
from gpt2.text.options import Options


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens: 0 is not a whole number of 1 or more"),
        ({"max_new_tokens": 2.5}, "2.5 is not a whole number"),
        ({"max_new_tokens": True}, "True is not a whole number"),
        ({"temperature": -0.1}, "temperature: -0.1 is not a number from 0 to 1000"),
        ({"temperature": float("nan")}, "nan is not a number"),
        ({"temperature": "1"}, "'1' is not a number"),
        ({"temperature": 1e308}, "1e+308 is not a number from 0 to 1000"),
        ({"top_k": 1.5}, "top_k: 1.5 is not a whole number of 0 or more"),
        ({"top_p": 1.5}, "top_p: 1.5 is not a number from 0 to 1"),
        ({"min_p": None}, "min_p: None is not a number from 0 to 1"),
        ({"repetition_penalty": 1e-300}, "1e-300 is not a number from 0.01 to 100"),
        ({"seed": -1}, "seed: -1 is not a whole number of 0 or more"),
        ({"stop": "END"}, "stop: 'END' is not a list of strings, none of them empty"),
        ({"stop": ["x", ""]}, "stop: ['x', ''] is not a list"),
        ({"stop": None}, "stop: None is not a list"),
        ({"stop_tokens": ["a"]}, "stop_tokens: ['a'] is not a list of ids"),
        ({"stop_tokens": 7}, "stop_tokens: 7 is not a list of ids"),
        ({"log_probabilities": 1}, "log_probabilities: 1 is not True or False"),
    ],
)
def test_a_value_that_cannot_be_is_refused(option, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Options(**option)


def test_numpys_numbers_are_numbers():
    options = Options(
        max_new_tokens=np.int64(3),
        temperature=np.float32(0.5),
        seed=np.uint8(1),
        stop_tokens=np.array([1, 2]),
    )
    assert options == Options(max_new_tokens=3, temperature=0.5, seed=1, stop_tokens=(1, 2))
    assert [type(value) for value in (options.seed, options.temperature)] == [int, float]
    assert Options(seed=2**200, top_k=2**64).seed == 2**200


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: model.generate("I", samples=1.5), "samples: 1.5 is not a whole number"),
        (lambda model: model.generate(None), "prompts: None is not a list of strings"),
        (lambda model: model.generate(["I", 3]), "prompts: ['I', 3] is not a list of strings"),
        (lambda model: model.stream(["I"]), "prompt: ['I'] is not a string"),
        (lambda model: load(None), "model: None is not a name or a path"),
        (lambda model: load(""), "model: '' is not a name or a path"),
        (lambda model: load(device=None), "device: None is not a string"),
        (lambda model: load(speculate=True), "speculate: True is not a name or a path"),
        (
            lambda model: load("gpt2-xl", quantize="q5"),
            "'q5' is not 'f16' or 'q8_0' or 'q6_k' or 'q4_0' or None",
        ),
    ],
)
def test_an_argument_of_another_type_is_refused_before_anything_runs(model, call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call(model)


@pytest.mark.parametrize(
    ("option", "hint"),
    [("temprature", "did you mean temperature?"), ("x", "there are max_new_tokens, ")],
)
def test_an_unknown_option_is_told_the_nearest(model, option, hint):
    with pytest.raises(TypeError, match=re.escape(f"unknown option '{option}': {hint}")):
        model.generate("I", **{option: 1})


def test_a_path_names_a_model():
    folder = Path(__file__).parents[1] / "checkpoints" / "shakespeare"
    assert load(folder).engine.config == load("shakespeare").engine.config


def test_the_command_line_offers_what_the_fields_say(capsys):
    assert main(["generate", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for option in fields(Options):
        if option.metadata["metavar"]:
            name = option.name.replace("_", "-")
            assert f"--{name} {option.metadata['metavar']} {option.metadata['help']}" in shown
    assert f"<{'|'.join(QUANTIZED)}>" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--temperature", "-1"], "'--temperature': -1.0 is not a number from 0 to 1000"),
        (["--temperature", "warm"], "'--temperature': 'warm' is not a number"),
        (["--temperature", "nan"], "'--temperature': nan is not a number"),
        (["--max-new-tokens", "0"], "'--max-new-tokens': 0 is not a whole number of 1 or more"),
        (["--max-new-tokens", "2.5"], "'2.5' is not a whole number of 1 or more"),
        (["--top-k", "1" * 5000], "is not a whole number of 0 or more"),
        (["--samples", "0"], "'--samples': 0 is not a whole number of 1 or more"),
        (["--stop", ""], "stop: [''] is not a list of strings, none of them empty"),
        (
            ["--quantize", "q5"],
            "'--quantize': 'q5' is not one of 'f16', 'q8_0', 'q6_k', 'q4_0' (gpt2 generate",
        ),
        (["--engine", "slow"], "'--engine': 'slow' is not one of 'fast', 'tutorial' ("),
        (["--model", ""], "'--model': '' is not a name or a path"),
        (["--model"], "Option '--model' requires an argument"),
        (["twice"], "unexpected extra argument(s) (twice)"),
        (["--bogus"], "No such option: --bogus"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_in_a_line(capsys, arguments, message):
    assert main(["generate", "X", *arguments]) == 2
    output, errors = capsys.readouterr()
    assert message in errors
    assert (output, errors.count("\n")) == ("", 1)
    assert len(errors) < 250
