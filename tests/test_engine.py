"""The engine computes what the twelve steps compute, however a text is cut into steps."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from max.driver import CPU

import numpy_gpt2
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.engine import engine as engine_module
from gpt2.engine.engine import Engine
from gpt2.engine.formats import FORMATS, QUANTIZED, pack
from gpt2.engine.pages import Pages
from gpt2.errors import UserError
from gpt2.text.batch import Batch
from solutions.solution_01 import GPT2Config

SHAKESPEARE = SHIPPED / "shakespeare"
# An example runs a model, so there are fewer than elsewhere.
few = settings(max_examples=settings.default.max_examples // 5)


def load_engine(name: str, quantize: str | None = None) -> Engine:
    return Engine(SHIPPED / name, read_config(SHIPPED / name), CPU(), quantize)


@pytest.fixture(scope="module")
def plain_engine() -> Engine:
    """The form for accelerators, on the CPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_module, "choose_layout", lambda *_: "plain")
        return load_engine("shakespeare")


@pytest.fixture(scope="module")
def reference(eager_shakespeare):
    """Logits by NumPy in float64: ids `[batch, seq]` -> `[batch, seq, vocab_size]`."""
    config = read_config(SHAKESPEARE)
    parameters = eager_shakespeare.parameters
    weights = {n: np.from_dlpack(p).astype(np.float64) for n, p in parameters}
    return lambda ids: numpy_gpt2.lm_head_model(
        ids, weights, config.n_layer, config.n_head, config.layer_norm_epsilon
    )


def in_pieces(engine: Engine, ids: np.ndarray, cuts: list[int], padding: np.ndarray) -> np.ndarray:
    """All logits of ids `[batch, seq]`, computed from one cut to the next."""
    cache = engine.new_cache(padding)
    pieces = np.split(ids, sorted(set(cuts)), axis=1)
    logits = [engine.forward(cache, piece, piece.shape[1]) for piece in pieces if piece.size]
    return np.concatenate(logits, axis=1)


@pytest.mark.parametrize("form", ["engine", pytest.param("plain_engine", marks=pytest.mark.slow)])
@few
@given(
    seed=st.integers(0, 2**32 - 1),
    padding=st.lists(st.integers(0, 30), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 39), max_size=6),
)
def test_logits_are_those_of_numpy_in_float64(form, request, reference, seed, padding, cuts):
    engine = request.getfixturevalue(form)
    ids = np.random.default_rng(seed).integers(engine.config.vocab_size, size=(len(padding), 40))
    logits = in_pieces(engine, ids, cuts, np.array(padding))
    for text, text_logits, skipped in zip(ids, logits, padding, strict=True):
        expected = reference(text[None, skipped:])[0]
        np.testing.assert_allclose(text_logits[skipped:], expected, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_a_model_whose_heads_are_narrow_runs_too(i_love_ai):
    engine = load_engine("i-love-ai")
    ids = np.random.default_rng(4).integers(engine.config.vocab_size, size=(2, 20))
    logits = in_pieces(engine, ids, [7, 8], np.zeros(2, np.int64))
    weights = {n: np.from_dlpack(p).astype(np.float64) for n, p in i_love_ai.parameters}
    config = engine.config
    expected = numpy_gpt2.lm_head_model(
        ids, weights, config.n_layer, config.n_head, config.layer_norm_epsilon
    )
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)


@pytest.fixture(scope="module")
def in_format(engine):
    """A function: the engine with weights of a format."""
    return cache(lambda form: engine if form == "float32" else load_engine("shakespeare", form))


@pytest.mark.parametrize(
    "form", ["float32", *(pytest.param(form, marks=pytest.mark.slow) for form in QUANTIZED)]
)
@few
@given(
    seed=st.integers(0, 2**32 - 1),
    padding=st.lists(st.integers(0, 30), min_size=1, max_size=9),
    cuts=st.lists(st.integers(1, 59), max_size=6),
)
def test_company_changes_no_bit(in_format, form, seed, padding, cuts):
    engine = in_format(form)
    ids = np.random.default_rng(seed).integers(engine.config.vocab_size, size=(len(padding), 60))
    together = in_pieces(engine, ids, cuts, np.array(padding))
    alone = in_pieces(engine, ids[:1, padding[0] :], [], np.zeros(1, np.int64))
    np.testing.assert_array_equal(together[:1, padding[0] :], alone)


def test_the_cache_grows_to_the_whole_context_and_no_further(engine, reference):
    limit = engine.config.n_positions
    ids = np.random.default_rng(8).integers(engine.config.vocab_size, size=(1, limit))
    logits = in_pieces(engine, ids, [100, 101, 200, limit - 1], np.zeros(1, np.int64))
    np.testing.assert_allclose(logits, reference(ids), rtol=0, atol=1e-4)
    cache = engine.new_cache(np.zeros(1, np.int64))
    engine.forward(cache, ids)
    with pytest.raises(ValueError, match=f"{limit + 1} positions do not fit"):
        engine.forward(cache, ids[:, :1])


@pytest.mark.parametrize(
    ("page", "past", "wrong"),
    [(99, 0, "a page that is not there"), (0, 63, "a text that its pages cannot hold")],
)
def test_a_kernel_ends_before_it_writes_beyond_its_pages(engine, page, past, wrong):
    pages = Pages(engine.config, 1, engine.cache_dtype)
    with pytest.raises(ValueError, match=f"the kernel was given {wrong}"):
        engine.step([[1, 2]], np.array([past]), np.array([[page]]), pages.buffer)
    assert engine.step([[1, 2]], np.array([0]), np.array([[0]]), pages.buffer).shape[0] == 1


@pytest.mark.slow
@pytest.mark.parametrize("quantize", QUANTIZED)
def test_quantized_weights_give_nearly_the_same_logits(engine, in_format, quantize):
    quantized = in_format(quantize)
    ids = np.random.default_rng(9).integers(engine.config.vocab_size, size=(1, 100))
    exact, rounded = (
        in_pieces(either, ids, [50, 51, 60], np.zeros(1, np.int64))
        for either in (engine, quantized)
    )
    error = np.sqrt(np.mean((rounded - exact) ** 2)) / exact.std()
    print(f"{quantize}: the logits' error is {error:.3f} of their deviation")
    largest = {"q4_0": 0.2, "q6_k": 0.05, "q8_0": 0.02, "f16": 0.002}
    assert 1e-6 < error < largest[quantize]


@pytest.mark.slow
@pytest.mark.parametrize("form", QUANTIZED)
def test_two_engines_at_once_write_what_each_writes_alone(engine, in_format, form):
    """Their threads share the cores, and a phase that began too early would change some bits."""
    engines = [engine, in_format(form)]

    def write(one: Engine) -> np.ndarray:
        cache = one.new_cache(np.zeros(2, np.int64))
        ids = np.arange(40).reshape(2, 20)
        steps = [one.forward(cache, ids)]
        for _ in range(100):
            steps.append(one.forward(cache, steps[-1].argmax(axis=-1)))
        return np.concatenate(steps, axis=1)

    alone = [write(one) for one in engines]
    with ThreadPoolExecutor() as pool:
        for _ in range(3):
            for expected, logits in zip(alone, pool.map(write, engines), strict=True):
                np.testing.assert_array_equal(logits, expected)


def test_what_cannot_be_quantized_is_refused():
    with pytest.raises(
        UserError, match=r"cannot quantize to 'q5': choose one of f16, q8_0, q6_k, q4_0"
    ):
        load_engine("shakespeare", "q5")
    with pytest.raises(UserError, match="heads have 4 numbers; q4_0 weights need"):
        load_engine("i-love-ai", "q4_0")
    xl = GPT2Config(n_embd=1600, n_head=25, n_layer=48)
    assert engine_module.choose_layout(xl, CPU(), "q4_0") == "q4_0"
    with pytest.raises(UserError, match=r"256 numbers together, and this model's n_embd of 1600"):
        engine_module.choose_layout(xl, CPU(), "q6_k")


@given(outputs=st.integers(1, 50), inputs=st.integers(1, 9))
def test_panels_hold_sixteen_outputs_side_by_side(outputs, inputs):
    matrix = np.arange(1, outputs * inputs + 1, dtype=np.float32).reshape(outputs, inputs)
    panels = np.empty(FORMATS["float32"].shape(outputs, inputs), np.float32)
    pack(matrix, panels)
    unpacked = panels.swapaxes(1, 2).reshape(-1, inputs)
    np.testing.assert_array_equal(unpacked[:outputs], matrix)
    assert not unpacked[outputs:].any()


def test_a_batch_drops_the_oldest_tokens_when_the_context_is_full(engine):
    limit = engine.config.n_positions
    text = np.random.default_rng(10).integers(engine.config.vocab_size, size=limit).tolist()
    batch = Batch(engine, [text, text[:5]])
    batch.append([1, 2])
    for shown, logits in zip(([*text, 1], [*text[:5], 2]), batch.logits, strict=True):
        cache = engine.new_cache(np.zeros(1, np.int64))
        alone = engine.forward(cache, np.array([shown[-(limit // 2) :]]))[0, 0]
        np.testing.assert_array_equal(logits, alone)
