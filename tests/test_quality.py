"""What weights of fewer bits cost: the card and the book say what was measured."""

import json
import re

import numpy as np
import pytest
from max.experimental.tensor import Tensor

from bench.quality import FOLDER, MEASUREMENTS, PASSAGE, loss_per_character
from conftest import ROOT, SHARED
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.engine.formats import FORMATS, QUANTIZED
from gpt2.text.sampling import log_softmax

CORPUS = SHARED / "corpus" / "tinyshakespeare.txt"
TEXT = PASSAGE.read_text(encoding="utf-8")
RECORD = json.loads(MEASUREMENTS.read_text(encoding="utf-8"))
MEASURED = RECORD["nats_per_character"]


def test_the_card_has_the_measured_losses():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"\| in fewer bits \|(.*)", card)
    said = {kind.lower(): float(loss) for loss, kind in re.findall(r"(\d\.\d+).*? in (\w+)", row)}
    assert said == MEASURED
    assert f"{RECORD['characters']:,} characters" in card


def test_the_chapter_has_the_measured_losses():
    chapter = (ROOT / "book" / "src" / "step_17.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d\.\d{4}) \| (?:(\d\.\d) %)? ?\|$", chapter, re.MULTILINE)
    assert {kind.lower(): float(loss) for kind, loss, _ in rows} == MEASURED
    for kind, _, more in rows:
        share = MEASURED[kind.lower()] / MEASURED["float32"] - 1
        assert float(more or 0) == pytest.approx(100 * share, abs=0.05)


def test_the_passage_is_as_long_as_the_one_that_was_measured():
    assert len(TEXT) == RECORD["characters"]


@pytest.mark.skipif(not CORPUS.is_file(), reason=f"needs the training text as {CORPUS}")
def test_the_model_was_not_trained_on_the_passage():
    corpus = CORPUS.read_text(encoding="utf-8")
    cut = len(corpus) * 9 // 10
    assert TEXT in corpus[cut:]


@pytest.mark.slow
def test_a_loss_is_the_mean_of_minus_the_logarithms(shakespeare):
    """By step 11's model, a window for each token."""
    text = TEXT[:650]
    ids = np.array(Tokenizer(FOLDER).encode(text))
    half = shakespeare.config.n_positions // 2
    assert len(ids) > 2 * half, "so that some token is beyond the first window"
    nats = 0.0
    for place in range(1, len(ids)):
        start = max(0, (place - 1) // half * half - half)
        logits = np.from_dlpack(shakespeare(Tensor(ids[None, start:place].copy())))[0, -1]
        nats -= log_softmax(logits)[ids[place]]
    expected = nats / len(text)
    assert loss_per_character(FOLDER, "float32", text) == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", QUANTIZED)
def test_a_part_of_the_passage_costs_little_more_in_fewer_bits(kind):
    part = TEXT[:5000]
    exact = loss_per_character(FOLDER, "float32", part)
    assert loss_per_character(FOLDER, kind, part) == pytest.approx(exact, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_the_whole_passage_has_the_measured_loss(kind):
    # Processors add in another order; that shifts a number of 8 bits now and then.
    assert loss_per_character(FOLDER, kind, TEXT) == pytest.approx(MEASURED[kind], abs=5e-4)
