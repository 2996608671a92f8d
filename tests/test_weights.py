"""Checkpoint files: every form that exists is read, and every one that does not fit is named."""

import dataclasses
import json
import shlex
import shutil

import numpy as np
import pytest
from max.driver import CPU
from safetensors.numpy import load_file, save_file

from conftest import GOLDEN, run_python
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED, locate
from gpt2.checkpoint.model import empty_model
from gpt2.checkpoint.shapes import parameter_shapes
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from gpt2.errors import UserError

SOURCE = GOLDEN / "three-heads"


CONFIG = read_config(SOURCE)


@pytest.fixture
def stored():
    return load_file(SOURCE / "model.safetensors")


@pytest.mark.parametrize("inner", [None, 7])
def test_the_parameters_of_a_config_are_those_of_the_model(inner):
    config = dataclasses.replace(CONFIG, n_inner=inner)
    model = empty_model(config, CPU())
    built = {name: tuple(map(int, parameter.shape)) for name, parameter in model.parameters}
    assert dict(parameter_shapes(config)) == built


def test_conv1d_is_transposed_and_the_rest_is_not(stored):
    weights = read_weights(SOURCE, CONFIG)
    name = "transformer.h.1.attn.c_attn.weight"
    np.testing.assert_array_equal(weights[name], stored[name].T)
    name = "transformer.wpe.weight"
    np.testing.assert_array_equal(weights[name], stored[name])
    assert {name: array.shape for name, array in weights.items()} == dict(parameter_shapes(CONFIG))
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


def test_names_without_prefix_old_buffers_and_a_repeated_head(tmp_path, stored):
    variant = {name.removeprefix("transformer."): array for name, array in stored.items()}
    variant["h.0.attn.bias"] = np.ones((1, 1, 9, 9), np.uint8)
    variant["h.0.attn.masked_bias"] = np.array(-1e4, np.float32)
    variant["lm_head.weight"] = variant["wte.weight"].copy()
    save_file(variant, tmp_path / "model.safetensors")
    expected = read_weights(SOURCE, CONFIG)
    for name, array in read_weights(tmp_path, CONFIG).items():
        np.testing.assert_array_equal(array, expected[name])


def test_a_table_stored_only_as_the_head_is_found(tmp_path, stored):
    stored["lm_head.weight"] = stored.pop("transformer.wte.weight")
    save_file(stored, tmp_path / "model.safetensors")
    table = read_weights(tmp_path, CONFIG)["transformer.wte.weight"]
    np.testing.assert_array_equal(table, stored["lm_head.weight"])


def is_transposed(name: str) -> bool:
    return ".c_" in name and name.endswith(".weight")


def test_float16(tmp_path, stored):
    halves = {name: array.astype(np.float16) for name, array in stored.items()}
    save_file(halves, tmp_path / "model.safetensors")
    for name, array in read_weights(tmp_path, CONFIG).items():
        half = halves[name].T if is_transposed(name) else halves[name]
        np.testing.assert_array_equal(array, half.astype(np.float32))


@pytest.mark.slow
def test_bfloat16_as_torch_writes_it(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file, save_file

    tensors = {
        name: tensor.to(torch.bfloat16)
        for name, tensor in load_file(SOURCE / "model.safetensors").items()
    }
    save_file(tensors, tmp_path / "model.safetensors")
    for name, array in read_weights(tmp_path, CONFIG).items():
        expected = tensors[name].float().numpy()
        np.testing.assert_array_equal(array, expected.T if is_transposed(name) else expected)


def test_missing_unexpected_and_misshapen_weights_are_named(tmp_path, stored):
    del stored["transformer.ln_f.bias"]
    stored["transformer.wpe.weight"] = np.zeros((8, 12), np.float32)
    stored["transformer.h.0.mlp.c_fc.weight"] = np.zeros((12, 21), np.float32)
    stored["transformer.h.2.ln_1.weight"] = np.zeros(12, np.float32)
    save_file(stored, tmp_path / "model.safetensors")
    with pytest.raises(UserError) as error:
        read_weights(tmp_path, CONFIG)
    message = str(error.value)
    assert "ln_f.bias [12] is missing" in message
    assert "wpe.weight is [8, 12], expected [9, 12]" in message
    assert "h.0.mlp.c_fc.weight is [12, 21], expected [12, 20]" in message
    assert "h.2.ln_1.weight [12] is unexpected" in message


def test_an_untied_head_is_refused(tmp_path, stored):
    stored["lm_head.weight"] = stored["transformer.wte.weight"] + 1
    save_file(stored, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"lm_head\.weight and transformer\.wte\.weight differ"):
        read_weights(tmp_path, CONFIG)


def test_shards_are_read_as_one_file(tmp_path, stored):
    """With and without the prefix, and the head in a shard of its own."""
    files = {
        "model-00001-of-00003.safetensors": dict(list(stored.items())[:10]),
        "model-00002-of-00003.safetensors": {
            name.removeprefix("transformer."): array for name, array in list(stored.items())[10:]
        },
        "model-00003-of-00003.safetensors": {"lm_head.weight": stored["transformer.wte.weight"]},
    }
    for file, part in files.items():
        save_file(part, tmp_path / file)
    index = {name: file for file, part in files.items() for name in part}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    expected = read_weights(SOURCE, CONFIG)
    weights = read_weights(tmp_path, CONFIG)
    assert list(weights) == list(expected)
    for name, array in weights.items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.slow
def test_shards_as_transformers_writes_them(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("torch")
    model = transformers.AutoModelForCausalLM.from_pretrained(SOURCE)
    model.save_pretrained(tmp_path, max_shard_size="4KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    expected = read_weights(SOURCE, CONFIG)
    for name, array in read_weights(tmp_path, read_config(tmp_path)).items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.slow
def test_weights_of_torch_are_converted_by_the_command_that_is_told(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    import safetensors.torch

    folder = shutil.copytree(SHIPPED / "i-love-ai", tmp_path / "it's old")
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError) as error:
        locate(str(folder))
    command = shlex.split(str(error.value).splitlines()[-1])
    assert command[:5] == ["uv", "run", "--group", "train", "python"]
    assert command.pop() == "./converted"
    run = run_python(*command[5:], str(tmp_path / "converted"))
    assert run.returncode == 0, run.stderr
    config = read_config(SHIPPED / "i-love-ai")
    expected = read_weights(SHIPPED / "i-love-ai", config)
    converted = locate(str(tmp_path / "converted"))
    assert Tokenizer(converted).encode("I love AI") == [0, 1, 2]
    for name, array in read_weights(converted, read_config(converted)).items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize("damage", ["truncated", "not safetensors", "empty"])
def test_a_damaged_file_is_refused(tmp_path, damage):
    whole = (SOURCE / "model.safetensors").read_bytes()
    content = {"truncated": whole[:-100], "not safetensors": b"PK" * 500, "empty": b""}[damage]
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="no complete safetensors file"):
        read_weights(tmp_path, CONFIG)


def test_integer_weights_are_refused(tmp_path, stored):
    stored["transformer.ln_f.bias"] = np.zeros(12, np.int32)
    save_file(stored, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"ln_f\.bias is stored as I32"):
        read_weights(tmp_path, CONFIG)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "llama"}, 'model_type is "llama"'),
        ({"activation_function": "relu"}, 'activation_function is "relu"'),
        ({"scale_attn_weights": False}, "scale_attn_weights is false"),
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx is true"),
        ({"n_head": 5}, "n_embd 12 is not a multiple of n_head 5"),
        ({"n_layer": "two"}, 'n_layer is "two", not a whole number from 1'),
        ({"n_positions": 0}, "n_positions is 0"),
        ({"layer_norm_epsilon": -1e-5}, "layer_norm_epsilon is -1e-05"),
    ],
)
def test_a_config_that_is_not_this_model_is_refused(tmp_path, change, message):
    values = json.loads((SOURCE / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(values | change))
    with pytest.raises(UserError) as error:
        read_config(tmp_path)
    assert message in str(error.value)


def test_a_config_that_is_no_json_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read as JSON"):
        read_config(tmp_path)


def test_a_folder_without_a_file_names_it(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=r"has no model\.safetensors$"):
        locate(str(tmp_path))
