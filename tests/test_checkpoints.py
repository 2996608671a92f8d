"""The shipped checkpoints are as good, and as small, as their cards say."""

import re

import numpy as np
import pytest
from max.experimental.tensor import Tensor
from scipy.special import log_softmax

from conftest import SHARED
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.tokenizer import Tokenizer

CORPUS = SHARED / "corpus" / "tinyshakespeare.txt"


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_file(), reason=f"needs the training text as {CORPUS}")
def test_shakespeare_has_the_loss_of_its_card(shakespeare):
    text = CORPUS.read_text(encoding="utf-8")
    validation = text[len(text) * 9 // 10 :]
    ids = np.array(Tokenizer(SHIPPED / "shakespeare").encode(validation))
    length = shakespeare.config.n_positions
    nats = 0.0
    for start in range(0, len(ids) - 1, length // 2):
        window = ids[start : start + length + 1]
        logits = np.from_dlpack(shakespeare(Tensor(window[None, :-1].copy())))[0]
        losses = -log_softmax(logits.astype(np.float64), axis=-1)[
            np.arange(len(window) - 1), window[1:]
        ]
        nats += losses[0 if start == 0 else length // 2 :].sum()
    loss = nats / len(validation)
    card = (SHIPPED / "shakespeare" / "README.md").read_text(encoding="utf-8")
    claimed = float(re.search(r"(\d\.\d+) nats per character", card)[1])
    print(f"shakespeare: {loss:.4f} nats per character")
    assert loss == pytest.approx(claimed, abs=1e-3)
    assert loss <= 1.60


def test_shakespeare_stays_small():
    folder = SHIPPED / "shakespeare"
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10_000_000
