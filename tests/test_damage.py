"""Checkpoints that somebody damaged or mistook: each is told in a line or two, at once."""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from max.driver import CPU
from safetensors.numpy import load_file

from conftest import run_gpt2
from damage import DAMAGES, NORM, config, header, tokenizer, weights
from gpt2 import load
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED, locate
from gpt2.checkpoint.model import load_model
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from gpt2.devices import choose_device
from gpt2.engine.formats import QUANTIZED
from gpt2.errors import UserError, shortened

SOURCE = SHIPPED / "i-love-ai"


@pytest.fixture
def folder(tmp_path):
    """A checkpoint to be damaged: i-love-ai, where words are tokens."""
    return shutil.copytree(SOURCE, tmp_path / "model")


@pytest.fixture
def shakespeare_folder(tmp_path):
    return shutil.copytree(SHIPPED / "shakespeare", tmp_path / "model")


def is_brief(error: UserError) -> bool:
    lines = str(error).splitlines()
    return len(lines) <= 2 and all(len(line) <= 300 and line.isprintable() for line in lines)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_before_anything_is_compiled(folder, monkeypatch, name):
    monkeypatch.setattr("gpt2.engine.engine.compiled_decoder", lambda *_: pytest.fail("compiles"))
    damage, words = DAMAGES[name]
    damage(folder)
    began = time.monotonic()
    with pytest.raises(UserError) as caught:
        load(str(folder))
    assert words in str(caught.value)
    assert is_brief(caught.value)
    assert time.monotonic() - began < 3


def test_step_12s_loop_looks_at_the_weights_before_it_builds_a_model(folder, monkeypatch):
    monkeypatch.setattr("gpt2.checkpoint.model.empty_model", lambda *_: pytest.fail("builds"))
    config(n_layer=1_000_000)(folder)
    with pytest.raises(UserError, match=r"h\.2\.ln_1\.weight \[8\] is missing"):
        load_model(folder, read_config(folder), CPU())


@pytest.mark.slow
def test_damage_is_told_in_the_terminal(folder):
    config(model_type="\x1b[31mred")(folder)
    run = run_gpt2("generate", "I", "--model", str(folder))
    assert (run.returncode, run.stdout) == (2, "")
    assert "model_type is" in run.stderr
    assert "\x1b[31m" not in run.stderr
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("x" * 5000, "cannot look for a model 'xxx"),
        ("x/" * 5000, "cannot look for a model 'x/x"),
        ("~nouser/x", "cannot look for a model '~nouser/x'"),
        ("", "unknown model ''"),
        ("a\0b", r"unknown model 'a\x00b'"),
        ("./a\nb", r"there is no folder './a\nb'"),
        ("\x1b[2J", r"unknown model '\x1b[2J'"),
        ("\udcff", r"unknown model '\udcff'"),
        (str(SOURCE / "config.json"), "config.json' is a file: name the folder that it is in"),
        (str(SOURCE / "config.json" / "x"), "there is no folder"),
        ("a b/c d", "cannot name a Hugging Face repository"),
        ("-/-", "cannot name a Hugging Face repository"),
    ],
)
def test_names_of_no_model(model, words):
    with pytest.raises(UserError) as caught:
        locate(model)
    assert words in str(caught.value)
    assert is_brief(caught.value)


@pytest.mark.parametrize("name", ["x" * 5000, "gpu:" + "9" * 5000, "gpu:-1", "gpu:²", "\x1b[2J"])
def test_names_of_no_device(name):
    with pytest.raises(UserError, match="unknown device") as caught:
        choose_device(name)
    assert is_brief(caught.value)


def test_links_to_nothing_and_folders_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with pytest.raises(UserError, match="there is no folder"):
        locate(str(tmp_path / "link"))

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(UserError, match=r"cannot look for a model .*Permission denied"):
        locate(str(tmp_path))


@pytest.mark.parametrize("quantize", [None, *QUANTIZED])
def test_no_number_is_packed_that_is_none(shakespeare_folder, monkeypatch, quantize):
    """In the packed bytes nobody would see it."""
    monkeypatch.setattr("gpt2.engine.engine.compiled_decoder", lambda *_: pytest.fail("compiles"))
    name = "transformer.h.1.mlp.c_fc.weight"
    weights(lambda tensors: tensors[name].__setitem__((0, 0), np.nan))(shakespeare_folder)
    with pytest.raises(UserError, match=f"1 of the 262144 numbers of {name} are infinite"):
        load(str(shakespeare_folder), quantize=quantize)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("quantize", QUANTIZED)
def test_weights_too_large_for_the_scales_of_a_format(shakespeare_folder, quantize):
    huge = np.full((256, 1024), 1e38, np.float32)
    name = "transformer.h.1.mlp.c_fc.weight"
    weights(lambda tensors: tensors.update({name: huge}))(shakespeare_folder)
    with pytest.raises(UserError, match=f"1e.38 are too large for {quantize}"):
        load(str(shakespeare_folder), quantize=quantize)


@pytest.mark.filterwarnings("error")
def test_finite_weights_that_are_too_large_to_calculate_with(shakespeare_folder):
    huge = np.full(256, 3e38, np.float32)
    weights(lambda tensors: tensors.update({NORM: huge}))(shakespeare_folder)
    model = load(str(shakespeare_folder))
    for temperature in (0.0, 1.0):
        with pytest.raises(UserError, match="the model's logits are infinite or no numbers"):
            list(model.stream("O", temperature=temperature))


def test_a_tokenizer_that_truncates_or_pads_does_neither_here(folder):
    cut = {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
    fill = {
        "strategy": {"Fixed": 9},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "I",
    }
    tokenizer(lambda values: values.update(truncation=cut, padding=fill))(folder)
    assert Tokenizer(folder).encode("I love AI!") == [0, 1, 2, 3]


def test_panics_of_the_tokenizer_are_told(folder):
    hopeless = {"type": "Split", "pattern": {"Regex": "(x+x+)+y"}, "behavior": "Isolated"}
    tokenizer(lambda values: values.update(pre_tokenizer=hopeless | {"invert": False}))(folder)
    with pytest.raises(UserError, match="the tokenizer gives up on this text: Onig") as caught:
        Tokenizer(folder).encode("x" * 4000)
    assert is_brief(caught.value)

    outside = {"type": "Strip", "content": "!", "start": 3, "stop": 3}
    tokenizer(lambda values: values.update(pre_tokenizer=None, decoder=outside))(folder)
    with pytest.raises(UserError, match="the tokenizer gives up on"):
        Tokenizer(folder).decode([3])


# A file like the shipped one with some values replaced by anything.
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_config_and_header_is_refused_or_read_as_by_safetensors(folder, data):
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    values = json.loads((folder / "config.json").read_text())
    names = st.sampled_from(sorted(values))
    config(**data.draw(st.dictionaries(names, anything, max_size=2)))(folder)

    def change(text: str) -> str:
        entries = json.loads(text)
        for name in data.draw(st.sets(st.sampled_from(sorted(entries)), max_size=2)):
            if name == "__metadata__" or data.draw(st.booleans()):
                entries[name] = data.draw(anything)
            else:
                field = data.draw(st.sampled_from(["dtype", "shape", "data_offsets"]))
                entries[name][field] = data.draw(
                    anything | st.sampled_from(["F16", "I64", [8, 1], [0], [0, 0], [2**63, 0]])
                )
        return json.dumps(entries)

    header(change)(folder)
    try:
        arrays = read_weights(folder, read_config(folder))
    except UserError as error:
        assert is_brief(error), str(error)
        return
    stored = load_file(folder / "model.safetensors")
    for name, array in arrays.items():
        matrix = ".c_" in name and name.endswith("weight")
        np.testing.assert_array_equal(array, stored[name].T if matrix else stored[name])


@given(st.text() | st.text(alphabet="\n\x1b\u202e\U000e0001", min_size=100))
def test_a_value_in_a_message_is_short_and_printable(text):
    shown = shortened(text)
    assert shown.isprintable()
    assert len(shown) <= 145
    assert shown == text or len(text) > 140 or not text.isprintable()
