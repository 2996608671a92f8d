"""`load`, `stream`, `generate`: the tokens of step 12's loop, alone or together."""

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from max.experimental import functional as F
from max.experimental.tensor import Tensor

from conftest import run_python
from gpt2 import load
from gpt2.engine.formats import QUANTIZED
from gpt2.text.sampling import log_softmax
from solutions.solution_12 import generate

PROMPTS = ["ROMEO:", "To be, or not to be", "JULIET:\nO", "A", "KING HENRY:\nWhat is the"]

some_options = st.fixed_dictionaries(
    {"temperature": st.sampled_from([0.0, 0.7, 1.3]), "seed": st.integers(0, 99)},
    optional={
        "top_k": st.integers(1, 50),
        "top_p": st.floats(0.3, 1.0),
        "min_p": st.floats(0.0, 0.2),
        "repetition_penalty": st.floats(1.0, 1.5),
        "frequency_penalty": st.floats(-0.5, 0.5),
        "stop": st.lists(st.sampled_from([":", "\n\n", "the ", "e"]), max_size=2),
        "max_new_tokens": st.integers(1, 40),
        "log_probabilities": st.booleans(),
    },
)


def step_12(compiled, prompt: list[int], count: int, **keywords) -> list[int]:
    ids = generate(compiled, Tensor(np.array([prompt])), count, **keywords)
    return np.from_dlpack(ids)[0, len(prompt) :].tolist()


def test_greedy_tokens_are_the_likeliest_of_step_11s_model(model, eager_shakespeare):
    (ours,) = model.generate("ROMEO:", temperature=0, max_new_tokens=60)
    ids = model.tokenizer.encode("ROMEO:") + ours.ids
    with F.lazy():
        logits = eager_shakespeare(Tensor(np.array([ids[:-1]])))
    likeliest = np.from_dlpack(logits)[0].argmax(axis=-1)
    assert likeliest[-60:].tolist() == ours.ids


def test_drawn_tokens_are_those_of_step_12s_loop(model, eager_shakespeare):
    (ours,) = model.generate("ROMEO:", temperature=0.8, seed=5, max_new_tokens=3)
    ids, rng = model.tokenizer.encode("ROMEO:"), np.random.default_rng(5)
    assert ours.ids == step_12(eager_shakespeare, ids, 3, temperature=0.8, rng=rng)


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_tokens_are_those_of_step_12s_loop(model, shakespeare, temperature):
    for prompt in PROMPTS:
        (ours,) = model.generate(prompt, temperature=temperature, seed=5, max_new_tokens=60)
        rng = np.random.default_rng(5)
        ids = model.tokenizer.encode(prompt)
        assert ours.ids == step_12(shakespeare, ids, 60, temperature=temperature, rng=rng)


@settings(max_examples=settings.default.max_examples // 5)
@given(options=some_options, prompts=st.lists(st.sampled_from(PROMPTS), min_size=2, max_size=5))
def test_texts_together_are_the_same_as_one_at_a_time(model, options, prompts):
    together = model.generate(prompts, **options)
    for number, (prompt, text) in enumerate(zip(prompts, together, strict=True)):
        alone = options | {"seed": options["seed"] + number}
        assert model.generate(prompt, **alone) == [text]


@pytest.mark.slow
def test_texts_together_are_the_same_without_kernels_of_our_own():
    model = load("i-love-ai")  # its heads are too narrow for them
    assert not model.engine.paged
    prompts, options = ["I", "I love", "AI", "I"], {"temperature": 0.8, "max_new_tokens": 30}
    together = model.generate(prompts, seed=4, stop=["AI I love AI I"], **options)
    for number, (prompt, text) in enumerate(zip(prompts, together, strict=True)):
        assert model.generate(prompt, seed=4 + number, stop=["AI I love AI I"], **options) == [text]


def test_pieces_are_the_text(model):
    options = {"temperature": 0.8, "seed": 4, "max_new_tokens": 50}
    (whole,) = model.generate("ROMEO:", **options)
    assert "".join(model.stream("ROMEO:", **options)) == whole.text
    assert whole.finish_reason == "length"
    assert len(whole.ids) == 50


@pytest.mark.slow
def test_streams_may_be_left_and_mixed(model):
    options = {"temperature": 0.8, "max_new_tokens": 30}
    expected = ["".join(model.stream("ROMEO:", seed=seed, **options)) for seed in (1, 2)]
    abandoned = model.stream("JULIET:", **options)
    next(abandoned)
    abandoned.close()
    other = load("shakespeare")  # a second engine in the same process
    streams = [model.stream("ROMEO:", seed=1, **options), other.stream("ROMEO:", seed=2, **options)]
    mixed = list(itertools.zip_longest(*streams, fillvalue=""))
    assert ["".join(pieces) for pieces in zip(*mixed, strict=True)] == expected


def test_log_probabilities_are_the_models_own(model):
    (text,) = model.generate(
        "ROMEO:", temperature=0.5, top_k=5, seed=2, max_new_tokens=12, log_probabilities=True
    )
    prompt = model.tokenizer.encode("ROMEO:")
    cache = model.engine.new_cache(np.zeros(1, np.int64))
    logits = model.engine.forward(cache, np.array([prompt + text.ids]), len(text.ids) + 1)[0]
    expected = [log_softmax(row)[token] for row, token in zip(logits, text.ids, strict=False)]
    np.testing.assert_allclose(text.log_probabilities, expected, rtol=1e-9)


def test_a_stop_token_ends_the_text_and_is_no_part_of_it(model):
    (plain,) = model.generate("ROMEO:", temperature=0, max_new_tokens=20)
    (stopped,) = model.generate(
        "ROMEO:", temperature=0, max_new_tokens=20, stop_tokens=[plain.ids[7]]
    )
    first = plain.ids.index(plain.ids[7])
    assert stopped.ids == plain.ids[:first]
    assert stopped.finish_reason == "stop"


MEMORY = """
import re, sys
from pathlib import Path
from gpt2 import load

def megabytes():
    return int(re.search(r"VmRSS:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

model = load("shakespeare", quantize=sys.argv[1] or None)
sizes = []
for number, _ in enumerate(model.stream("ROMEO:", seed=1, max_new_tokens=10_000)):
    if number in (1_000, 9_000):
        sizes.append(megabytes())
print(sizes[1] - sizes[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("quantize", ["", *QUANTIZED])
def test_ten_thousand_tokens_leave_memory_flat(quantize):
    run = run_python("-c", MEMORY, quantize)
    assert run.returncode == 0, run.stderr
    print(f"from the 1,000th to the 9,000th token memory grew by {run.stdout.strip()} MB")
    assert float(run.stdout) < 10
