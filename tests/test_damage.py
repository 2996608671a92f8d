"""Checkpoints that somebody damaged or mistook: each is told in a line or two, at once."""

import json
import shutil
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from max.driver import CPU
from safetensors.numpy import load_file, save_file

from conftest import run_gpt2
from gpt2 import load
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED, locate
from gpt2.checkpoint.model import load_model
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from gpt2.devices import choose_device
from gpt2.errors import UserError, shortened

SOURCE = SHIPPED / "i-love-ai"
NORM = "transformer.ln_f.weight"


@pytest.fixture
def folder(tmp_path):
    """A checkpoint to be damaged: i-love-ai, where words are tokens."""
    return shutil.copytree(SOURCE, tmp_path / "model")


def is_brief(error: UserError) -> bool:
    lines = str(error).splitlines()
    return len(lines) <= 2 and all(len(line) <= 300 and line.isprintable() for line in lines)


def config(**changes):
    return lambda folder: change_json(folder / "config.json", lambda values: values | changes)


def content(file, text):
    def damage(folder):
        (folder / file).unlink(missing_ok=True)
        (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())

    return damage


def change_json(path, change):
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def tokenizer(change):
    def changed(values):
        change(values)
        return values

    return lambda folder: change_json(folder / "tokenizer.json", changed)


def weights(change):
    def damage(folder):
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors")

    return damage


def header(change):
    """Damages the header of the weights, as text."""

    def damage(folder):
        path = folder / "model.safetensors"
        (size,) = struct.unpack("<Q", path.read_bytes()[:8])
        whole = path.read_bytes()
        changed = change(whole[8 : 8 + size].decode().rstrip()).encode()
        path.write_bytes(struct.pack("<Q", len(changed)) + changed + whole[8 + size :])

    return damage


def shards(change=lambda index: None):
    """Cuts the weights in two, and damages the index."""

    def damage(folder):
        tensors = load_file(folder / "model.safetensors")
        (folder / "model.safetensors").unlink()
        files = {"a.safetensors": {}, "b.safetensors": {}}
        for number, (name, array) in enumerate(tensors.items()):
            files["ab"[number % 2] + ".safetensors"][name] = array
        for file, part in files.items():
            save_file(part, folder / file)
        index = {name: file for file, part in files.items() for name in part}
        index = change(index) or index
        path = folder / "model.safetensors.index.json"
        path.write_text(json.dumps({"metadata": {}, "weight_map": index}))

    return damage


def both(*damages):
    return lambda folder: [damage(folder) for damage in damages]


def deep(opening: str) -> str:
    return opening * 100_000


DAMAGES = {
    # Sizes that cannot be, or are not the file's.
    "layers": (config(n_layer=1_000_000), "h.2.ln_1.weight [8] is missing"),
    "fewer layers": (config(n_layer=1), "h.1.attn.c_attn.bias [24] is unexpected"),
    "vocabulary": (config(vocab_size=10**9), "wte.weight is [4, 8], expected [1000000000, 8]"),
    "positions": (config(n_positions=10**12), "n_positions is 1000000000000, not a whole number"),
    "width": (config(n_embd=2**64), "n_embd is 18446744073709551616, not a whole number from 1 to"),
    "digits": (config(n_embd=10**4000), "n_embd is 1000"),
    "n_inner": (config(n_inner=33), "mlp.c_fc.weight is [8, 32], expected [8, 33]"),
    "too many heads": (config(n_head=16), "n_embd 8 is not a multiple of n_head 16"),
    "a boolean": (config(n_layer=True), "n_layer is true, not a whole number"),
    "a float": (config(n_layer=2.0), "n_layer is 2.0, not a whole number"),
    "epsilon NaN": (config(layer_norm_epsilon=float("nan")), "layer_norm_epsilon is NaN, not a"),
    "epsilon inf": (config(layer_norm_epsilon=float("inf")), "layer_norm_epsilon is Infinity"),
    "epsilon in float32": (config(layer_norm_epsilon=1e-46), "layer_norm_epsilon is 1e-46"),
    "epsilon 1e-400": (
        content("config.json", '{"model_type": "gpt2", "layer_norm_epsilon": 1e-400}'),
        "layer_norm_epsilon is 0.0, not a number from 1e-37",
    ),
    # What config.json says.
    "untied": (config(tie_word_embeddings=False), "tie_word_embeddings is false, and only true"),
    "1 is not true": (config(scale_attn_weights=1), "scale_attn_weights is 1, and only true"),
    "no type": (config(model_type=None), 'model_type is null, and only "gpt2" works here'),
    "escapes": (config(model_type="\x1b[31mred\n\u202e"), "model_type is"),
    "long": (config(activation_function="x" * 5_000_000), "activation_function is"),
    "long list": (config(n_layer=[0] * 1_000_000), "n_layer is [0, 0"),
    "nested": (content("config.json", deep("[")), "config.json cannot be read as JSON"),
    "nested objects": (content("config.json", deep('{"a":')), "cannot be read as JSON"),
    "empty": (content("config.json", ""), "config.json cannot be read as JSON"),
    "a list": (content("config.json", "[1]"), "config.json has to hold names and values {...}"),
    "a number": (content("config.json", "9" * 5000), "config.json cannot be read as JSON"),
    "twice": (content("config.json", '{"n_head": 2, "n_head": 4}'), "n_head is there twice"),
    "BOM": (content("config.json", b"\xef\xbb\xbf{}"), "cannot be read as JSON: Unexpected UTF-8"),
    "UTF-16": (content("config.json", "{}".encode("utf-16")), "config.json cannot be read as JSON"),
    "a folder": (
        lambda folder: [(folder / "config.json").unlink(), (folder / "config.json").mkdir()],
        "has no config.json",
    ),
    # The header of the weights.
    "truncated": (header(lambda text: text[:-5]), "is no complete safetensors file"),
    "nested header": (header(lambda _: deep('{"a":')), "is no complete safetensors file"),
    "no dtype": (header(lambda text: text.replace('"dtype"', '"d"', 1)), "is no complete"),
    "no shape": (header(lambda text: text.replace('"shape"', '"s"', 1)), "is no complete"),
    "no offsets": (header(lambda text: text.replace("data_offsets", "d", 1)), "is no complete"),
    "negative": (header(lambda text: text.replace(":[0,", ":[-4,", 1)), "is no complete"),
    "a list for an entry": (
        header(lambda text: text[:-1] + ',"more":["F32",[0],[0,0]]}'),
        "is no complete safetensors file",
    ),
    "nothing": (weights(lambda tensors: tensors.clear()), "wte.weight [4, 8] is missing"),
    "zero size": (
        weights(lambda tensors: tensors.update({NORM: np.zeros((0, 8), np.float32)})),
        "ln_f.weight is [0, 8], expected [8]",
    ),
    "two of zero size": (
        weights(
            lambda tensors: tensors.update(
                {NORM: np.zeros(0, np.float32), "ln_f.weight": np.zeros(0, np.float32)}
            )
        ),
        "ln_f.weight is [0], expected [8]",
    ),
    "many dimensions": (
        weights(lambda tensors: tensors.update({NORM: np.ones((8, *[1] * 60), np.float32)})),
        "ln_f.weight is [8, 1, 1",
    ),
    "a name with escapes": (
        weights(lambda tensors: tensors.update({"\x1b[2J\n" * 500: np.zeros(8, np.float32)})),
        r"\x1b[2J\n",
    ),
    "two of a kind": (
        weights(lambda tensors: tensors.update({"ln_f.weight": np.zeros(8, np.float32)})),
        "ln_f.weight and transformer.ln_f.weight differ, and this model has one",
    ),
    "integers": (
        weights(lambda tensors: tensors.update({NORM: np.zeros(8, np.int8)})),
        "transformer.ln_f.weight is stored as I8",
    ),
    "NaN": (
        weights(lambda tensors: tensors[NORM].__setitem__(3, np.nan)),
        "1 of the 8 numbers of transformer.ln_f.weight are infinite or no numbers",
    ),
    # Shards.
    "a shard is missing": (
        both(shards(), lambda folder: (folder / "b.safetensors").unlink()),
        "has no b.safetensors",
    ),
    "a shard is damaged": (
        both(shards(), content("b.safetensors", "")),
        "b.safetensors is no complete safetensors file",
    ),
    "a tensor is in no shard": (
        shards(lambda index: index | {"x\n": "b.safetensors"}),
        r"b.safetensors has no x\n",
    ),
    "a tensor is in another shard": (
        shards(
            lambda index: (
                index | {NORM: "b.safetensors" if index[NORM][0] == "a" else "a.safetensors"}
            )
        ),
        f"holds {NORM}, which model.safetensors.index.json does not place there",
    ),
    "a tensor is in two shards": (
        both(
            shards(),
            lambda folder: save_file(
                load_file(folder / "a.safetensors") | load_file(folder / "b.safetensors"),
                folder / "b.safetensors",
            ),
        ),
        "which model.safetensors.index.json does not place there",
    ),
    "an index of nothing": (shards(lambda index: index.clear()), "has no weight_map"),
    "an index of a list": (shards(lambda index: ["a.safetensors"]), "has no weight_map"),
    "an index that leaves the folder": (
        shards(lambda index: index | {NORM: "../a.safetensors"}),
        f'{NORM} is in "../a.safetensors", which is no name of a safetensors file',
    ),
    "an index of numbers": (shards(lambda index: index | {NORM: 7}), f"{NORM} is in 7, which"),
    "an index with a long name": (
        shards(lambda index: index | {NORM: "a" * 5000 + ".safetensors"}),
        "File name too long",
    ),
    "an index that is no JSON": (
        both(shards(), content("model.safetensors.index.json", "{")),
        "model.safetensors.index.json cannot be read as JSON",
    ),
    "weights of torch": (
        both(
            content("pytorch_model.bin", ""), lambda folder: (folder / "model.safetensors").unlink()
        ),
        "has its weights in pytorch_model.bin, not in model.safetensors",
    ),
    # The tokenizer.
    "an id beyond": (
        tokenizer(lambda values: values["model"]["vocab"].update({"!": 4})),
        "the tokenizer has ids up to 4, the model only 4 tokens",
    ),
    "an id as text": (
        tokenizer(lambda values: values["model"]["vocab"].update({"!": "3"})),
        "cannot be read: invalid type: string",
    ),
    "no tokens": (tokenizer(lambda values: values["model"]["vocab"].clear()), "hold no tokens"),
    "no model": (content("tokenizer.json", "{}"), "cannot be read: Model missing"),
    "a long value": (content("tokenizer.json", f'"{"x" * 5_000_000}"'), "cannot be read"),
    "a nested tokenizer": (content("tokenizer.json", deep("[")), "cannot be read"),
}


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


@pytest.mark.parametrize("quantize", [None, "q4_0", "q6_k"])
def test_no_number_is_packed_that_is_none(tmp_path, monkeypatch, quantize):
    """In the packed bytes nobody would see it."""
    monkeypatch.setattr("gpt2.engine.engine.compiled_decoder", lambda *_: pytest.fail("compiles"))
    folder = shutil.copytree(SHIPPED / "shakespeare", tmp_path / "model")
    name = "transformer.h.1.mlp.c_fc.weight"
    weights(lambda tensors: tensors[name].__setitem__((0, 0), np.nan))(folder)
    with pytest.raises(UserError, match=f"1 of the 262144 numbers of {name} are infinite"):
        load(str(folder), quantize=quantize)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("quantize", ["q4_0", "q6_k"])
def test_weights_too_large_for_the_scales_of_a_format(tmp_path, quantize):
    folder = shutil.copytree(SHIPPED / "shakespeare", tmp_path / "model")
    huge = np.full((256, 1024), 1e38, np.float32)
    weights(lambda tensors: tensors.update({"transformer.h.1.mlp.c_fc.weight": huge}))(folder)
    with pytest.raises(UserError, match=f"1e.38 are too large for {quantize}"):
        load(str(folder), quantize=quantize)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("greedy", [True, False])
def test_finite_weights_that_are_too_large_to_calculate_with(folder, greedy):
    weights(lambda tensors: tensors[NORM].fill(3e38))(folder)
    options = {"temperature": 0.0 if greedy else 1.0}
    with pytest.raises(UserError, match="the model's logits are infinite or no numbers"):
        list(load(str(folder)).stream("I", **options))


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


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
