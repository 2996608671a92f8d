"""`gpt2 look`: what it draws is what the weights and the reader's steps say."""

import re

import numpy as np
import pytest
from rich.console import Console
from safetensors.numpy import load_file

import numpy_gpt2
from commands.app import main
from commands.drawing.canvas import Canvas
from commands.drawing.pictures import DRAWINGS, PASSAGE, WINDOWS, config, tokenizer
from commands.drawing.shipped import FOLDER, attention, passage_loss
from commands.look import PICTURES
from gpt2.checkpoint.weights import read_weights
from reader import Reader

WEIGHTS = {name: w.astype(np.float64) for name, w in read_weights(FOLDER, config).items()}
SIZES = (config.n_layer, config.n_head, config.layer_norm_epsilon)
MINUTES = [15]  # compiles the model, and the engine without kernels


def drawn(step, text=None, width=80, ascii_only=False):
    console = Console(width=width, color_system=None)
    parts = DRAWINGS[step](Canvas(width, ascii_only), PICTURES[step].text if text is None else text)
    with console.capture() as capture:
        console.print(*parts, sep="\n")
    return capture.get()


@pytest.mark.slow
@pytest.mark.parametrize("step", [step for step in PICTURES if step not in MINUTES])
def test_a_picture_fits_a_narrow_terminal_that_knows_ascii_alone(step):
    picture = drawn(step, width=60, ascii_only=True)
    assert picture.isascii()
    assert len(picture.splitlines()) > 8
    assert max(map(len, picture.splitlines())) <= 60


def test_the_mask_is_a_staircase_and_a_cache_adds_columns():
    lines = [
        line.split()[2:] for line in drawn(2, "a b c").splitlines() if re.match(r" \d  ", line)
    ]
    assert lines == [
        ["██", "·", "·"],
        ["██", "██", "·"],
        ["██", "██", "██"],
        ["██", "██", "·"],
        ["██", "██", "██"],
    ]


@pytest.mark.slow
def test_the_nearest_tokens_are_those_of_the_file():
    table = load_file(FOLDER / "model.safetensors")["transformer.wte.weight"].astype(np.float64)
    (king,) = tokenizer.encode(" king")
    cosines = table @ table[king] / np.linalg.norm(table, axis=1) / np.linalg.norm(table[king])
    expected = [tokenizer.decode([int(i)]).replace(" ", "␣") for i in np.argsort(-cosines)[:11]]
    assert re.findall(r"^\S+", drawn(5, "king"), re.MULTILINE)[1:] == expected


@pytest.mark.slow
def test_a_heads_shares_are_those_of_the_formula():
    ids = tokenizer.encode(PICTURES[7].text)
    first = numpy_gpt2.under(WEIGHTS, "transformer.h.0")
    x = WEIGHTS["transformer.wte.weight"][ids] + WEIGHTS["transformer.wpe.weight"][: len(ids)]
    x = numpy_gpt2.layer_norm(x, numpy_gpt2.under(first, "ln_1"), config.layer_norm_epsilon)
    parts = numpy_gpt2.linear(x, numpy_gpt2.under(first, "attn.c_attn"))
    query, key = parts[:, :64], parts[:, 256 : 256 + 64]  # of the first head
    mask = numpy_gpt2.causal_mask(len(ids))
    np.testing.assert_allclose(
        attention(ids)[0, 0], numpy_gpt2.softmax(query @ key.T / 8 + mask), atol=1e-5
    )


@pytest.mark.slow
def test_the_guess_behind_the_last_block_is_the_engines(model):
    last = drawn(10).splitlines()[-1].split()
    options = {"temperature": 0, "max_new_tokens": 1, "log_probabilities": True}
    (following,) = model.generate([PICTURES[10].text], **options)
    assert last[:3] == ["block", str(config.n_layer), following.text.replace(" ", "␣")]
    assert f"{np.exp(following.log_probabilities[0]):.0%}" in last


@pytest.mark.slow
def test_the_loss_is_that_of_the_formulas():
    ids = np.array(tokenizer.encode(PASSAGE.read_text(encoding="utf-8")))
    nats = []
    for start in range(0, WINDOWS * config.n_positions, config.n_positions):
        window = ids[start : start + config.n_positions + 1]
        logits = numpy_gpt2.lm_head_model(window[None, :-1], WEIGHTS, *SIZES)[0]
        chances = numpy_gpt2.softmax(logits)
        nats.extend(-np.log(chances[np.arange(config.n_positions), window[1:]]))
    assert passage_loss() == pytest.approx(np.mean(nats), abs=1e-4)


def test_the_batch_in_time_shows_who_waits_shares_and_gives_way():
    lines = drawn(19).splitlines()
    texts = [line[13:] for line in lines if re.match(r"[A-Z] ", line)]
    pages = [line[13:] for line in lines if line.startswith("page")]
    assert texts[0].startswith("██▒")  # eight letters, four a step
    assert any("x" in text for text in texts)
    assert any("+" in page for page in pages)
    writing = [text.count("▒") for text in texts[:2]]
    assert writing == [12, 7]  # to 20 letters, to 10: all but the first behind what was read


@pytest.mark.slow
def test_speeds_are_measured_with_and_without():
    rows = re.findall(r"^(\d+) to (\d+) .*?(\d+) .*?(\d+) *$", drawn(15), re.MULTILINE)
    assert [row[:2] for row in rows] == [(str(n + 1), str(n + 40)) for n in range(0, 200, 40)]
    assert all(float(speed) > 0 for row in rows for speed in row[2:])


@pytest.mark.slow
def test_a_right_step_of_the_readers_is_what_runs(tmp_path):
    reader = Reader(tmp_path)
    reader.solve(2)
    own = reader.step(2).read_text(encoding="utf-8")
    reader.step(2).write_text(own + "\nassert not print('mine')\n", encoding="utf-8")
    status, output, _ = reader.run("look", "2", "a b")
    assert (status, output.splitlines()[0]) == (0, "Runs your step 2.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["3"], "step 3 has nothing to look at; these have:\n2 the mask, 5 the nearest tokens,"),
        (["21"], "21 is not a whole number from 1 to 20"),
        (["seven"], "'seven' is not a whole number from 1 to 20"),
    ],
)
def test_a_step_without_a_picture_is_told_those_that_have_one(capsys, arguments, words):
    assert main(["look", *arguments]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert words in errors
    assert len(errors.splitlines()) <= 2
