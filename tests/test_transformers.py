"""Side by side with transformers on torch, where they are installed (group `train`)."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from max.driver import CPU
from max.experimental.tensor import Tensor

from conftest import load_compiled, run_python
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.engine.engine import Engine
from gpt2.text.batch import Batch
from gpt2.text.options import Options
from gpt2.text.sampling import probabilities
from peer_options import peer_options
from solutions.solution_12 import generate
from solutions.solution_14 import softmax

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.slow


def greedy(peer, prompt: list[int], count: int) -> list[int]:
    ids = torch.tensor([prompt])
    settings = {"do_sample": False, "max_new_tokens": count, "min_new_tokens": count}
    return peer.generate(ids, attention_mask=torch.ones_like(ids), **settings)[0].tolist()


def our_greedy(model, prompt: list[int], count: int) -> list[int]:
    ids = generate(model, Tensor(np.array([prompt])), count, do_sample=False)
    return np.from_dlpack(ids)[0].tolist()


@pytest.fixture(scope="module")
def folder_124m(tmp_path_factory):
    """GPT-2 124M with random weights, as transformers saves it."""
    folder = tmp_path_factory.mktemp("gpt2-124m")
    torch.manual_seed(124)
    transformers.GPT2LMHeadModel(transformers.GPT2Config()).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def peer():
    """The shipped model in transformers, float32."""
    folder = SHIPPED / "shakespeare"
    return transformers.GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()


def test_124m_has_the_logits_and_the_greedy_tokens_of_transformers(folder_124m):
    peer = transformers.GPT2LMHeadModel.from_pretrained(folder_124m).eval()
    model = load_compiled(folder_124m)
    ids = np.random.default_rng(64).integers(50257, size=(1, 64))
    with torch.no_grad():
        expected = peer(torch.tensor(ids)).logits.numpy()
    logits = np.from_dlpack(model(Tensor(ids)))
    print(f"largest difference of 124M's logits: {np.abs(logits - expected).max():.2e}")
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-3)
    prompt = ids[0, :16].tolist()
    assert our_greedy(model, prompt, 32) == greedy(peer, prompt, 32)


def test_the_engine_writes_124m_as_transformers_does(folder_124m):
    peer = transformers.GPT2LMHeadModel.from_pretrained(folder_124m).eval()
    engine = Engine(folder_124m, read_config(folder_124m), CPU())
    prompt = np.random.default_rng(64).integers(50257, size=16).tolist()
    batch = Batch(engine, [prompt])
    for _ in range(32):
        batch.append(batch.logits.argmax(axis=-1).tolist())
    assert batch.texts[0] == greedy(peer, prompt, 32)


@settings(max_examples=25)
@given(
    prompt=st.sampled_from(["ROMEO:", "To be, or not to be", "KING HENRY:\nWhat is the"]),
    options=st.builds(
        Options,
        temperature=st.sampled_from([0.0, 0.6, 1.0, 1.4]),
        top_k=st.sampled_from([0, 3, 50]),
        top_p=st.sampled_from([0.3, 0.9, 1.0]),
        min_p=st.sampled_from([0.0, 0.1]),
        repetition_penalty=st.sampled_from([1.0, 1.3]),
    ),
)
def test_any_options_draw_from_the_distributions_of_transformers(model, peer, prompt, options):
    """transformers writes a text; what it drew each token from, the engine has to say, too."""
    ids = model.tokenizer.encode(prompt)
    torch.manual_seed(len(ids))
    written = peer.generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids)),
        **peer_options(options),
        max_new_tokens=12,
        output_scores=True,
        return_dict_in_generate=True,
        pad_token_id=0,
    )
    text = written.sequences[0].tolist()
    cache = model.engine.new_cache(np.zeros(1, np.int64))
    (logits,) = model.engine.forward(
        cache, np.array([text[:-1]]), logits_to_keep=len(written.scores)
    )
    for place, scores in enumerate(written.scores, start=len(ids)):
        ours = probabilities(logits[place - len(ids)], text[:place], options)
        if options.greedy:
            assert ours.argmax() == text[place]
        else:
            np.testing.assert_allclose(ours, softmax(scores[0].numpy()), rtol=0, atol=1e-4)


MEMORY_PROBE = """
import re, sys
import gpt2.runtime
from pathlib import Path
from gpt2.checkpoint.config import read_config
from gpt2.devices import choose_device
from gpt2.checkpoint.model import load_model

def kilobytes(field):
    return int(re.search(field + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

folder, before = Path(sys.argv[1]), kilobytes("VmRSS")
model = load_model(folder, read_config(folder), choose_device("cpu"))
weights = sum(weight.num_elements() for weight in model.graph.weights.values()) * 4 / 1024
print((kilobytes("VmRSS") - before) / weights, (kilobytes("VmHWM") - before) / weights)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_loading_124m_takes_little_more_memory_than_its_weights(folder_124m):
    for _ in range(2):  # the first run may have to compile
        run = run_python("-c", MEMORY_PROBE, str(folder_124m))
    loaded, peak = map(float, run.stdout.split())
    print(f"memory of 124M in units of its weights: {loaded:.2f} loaded, {peak:.2f} at the peak")
    assert loaded <= 1.5
    assert peak <= 2.0


def test_shakespeare_writes_the_greedy_tokens_of_transformers(shakespeare, peer):
    prompt = Tokenizer(SHIPPED / "shakespeare").encode("ROMEO:")
    assert our_greedy(shakespeare, prompt, 100) == greedy(peer, prompt, 100)


@pytest.mark.parametrize("name", ["shakespeare", "i-love-ai"])
def test_transformers_reads_the_shipped_tokenizers(name):
    peer = transformers.AutoTokenizer.from_pretrained(SHIPPED / name)
    text = "I love AI !"
    assert peer.encode(text) == Tokenizer(SHIPPED / name).encode(text)
    assert peer.decode(peer.encode(text)) == text
