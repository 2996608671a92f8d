"""Ways to damage a copy of i-love-ai, and what a user is told of each."""

import json
import struct

import numpy as np
from safetensors.numpy import load_file, save_file

NORM = "transformer.ln_f.weight"


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
    "a boolean": (config(n_layer=True), "n_layer is true, not a whole number"),
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
    "a list": (content("config.json", "[1]"), "config.json has to hold names and values {...}"),
    "twice": (content("config.json", '{"n_head": 2, "n_head": 4}'), "n_head is there twice"),
    "BOM": (content("config.json", b"\xef\xbb\xbf{}"), "cannot be read as JSON: Unexpected UTF-8"),
    "UTF-16": (content("config.json", "{}".encode("utf-16")), "config.json cannot be read as JSON"),
    "a folder": (
        lambda folder: [(folder / "config.json").unlink(), (folder / "config.json").mkdir()],
        "has no config.json",
    ),
    # The header of the weights.
    "truncated": (header(lambda text: text[:-5]), "is no complete safetensors file"),
    "no dtype": (header(lambda text: text.replace('"dtype"', '"d"', 1)), "is no complete"),
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
    "NaN": (
        weights(lambda tensors: tensors[NORM].__setitem__(3, np.nan)),
        "1 of the 8 numbers of transformer.ln_f.weight are infinite or no numbers",
    ),
    # Shards.
    "a shard is missing": (
        both(shards(), lambda folder: (folder / "b.safetensors").unlink()),
        "has no b.safetensors",
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
