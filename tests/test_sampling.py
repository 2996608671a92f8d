"""Step 12: which token is chosen, how often, and what the model is shown."""

import numpy as np
import pytest
from max.driver import CPU
from max.dtype import DType
from max.experimental.tensor import Tensor
from scipy.stats import chisquare

from solutions.solution_01 import GPT2Config
from solutions.solution_12 import generate, generate_next_token

DRAWS = 20_000
IMPROBABLE = 1e-4  # a right sampler falls below this once in ten thousand seeds; ours is fixed


class FixedLogits:
    """A model that always says the same, and remembers what it was shown."""

    def __init__(self, logits: list[float], n_positions: int = 64) -> None:
        self.config = GPT2Config(vocab_size=len(logits), n_positions=n_positions)
        self.logits = logits
        self.seen: list[list[int]] = []

    def __call__(self, input_ids: Tensor) -> Tensor:
        ids = np.from_dlpack(input_ids)
        self.seen.append(ids[0].tolist())
        noise = np.arange(ids.size * len(self.logits), dtype=np.float32)
        logits = noise.reshape(*ids.shape, -1)  # only the last position counts
        logits[:, -1] = self.logits
        return Tensor(logits)


class LastLogits:
    """Logits of which only the last position can be had, and at no cost: for many draws."""

    def __init__(self, logits: list[float]) -> None:
        self.config = GPT2Config(vocab_size=len(logits))
        self.last = Tensor(np.array(logits, np.float32))

    def __call__(self, input_ids: Tensor) -> "LastLogits":
        return self

    def __getitem__(self, index: tuple[int, int]) -> Tensor:
        assert index == (0, -1)
        return self.last


def ids(*tokens: int) -> Tensor:
    return Tensor(np.array([tokens]), dtype=DType.int64, device=CPU())


def draw(model, count: int, temperature: float, rng: np.random.Generator) -> list[int]:
    prompt = ids(0)
    return [
        int(generate_next_token(model, prompt, temperature=temperature, rng=rng).item())
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("temperature", "probabilities"),
    [
        (1.0, (0.665, 0.245, 0.090)),
        (0.5, (0.867, 0.117, 0.016)),
        (2.0, (0.506, 0.307, 0.186)),
        (100.0, (0.337, 0.333, 0.330)),
    ],
)
def test_frequencies_are_the_softmax_of_the_logits(temperature, probabilities, rng):
    logits = [2.0, 1.0, 0.0]
    exact = np.exp(np.array(logits) / temperature)
    exact /= exact.sum()
    np.testing.assert_allclose(exact, probabilities, atol=6e-4)
    counts = np.bincount(draw(LastLogits(logits), DRAWS, temperature, rng), minlength=3)
    assert chisquare(counts, DRAWS * exact).pvalue > IMPROBABLE


def test_one_seed_gives_one_text():
    texts = [
        draw(LastLogits([0.0] * 50), 12, 1.0, np.random.default_rng(seed)) for seed in (5, 5, 6)
    ]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("greedy", [{"do_sample": False}, {"temperature": 0.0}])
def test_greedy_takes_the_likeliest(greedy):
    token = generate_next_token(FixedLogits([0.0, 1.0, 7.0, 2.0]), ids(1, 2), **greedy)
    assert (token.dtype, list(token.shape), int(token.item())) == (DType.int64, [], 2)


def test_a_sampled_token_is_an_int64_scalar(rng):
    token = generate_next_token(FixedLogits([0.0, 1.0]), ids(1, 0), rng=rng)
    assert (token.dtype, list(token.shape)) == (DType.int64, [])


def test_huge_logits_do_not_overflow(rng):
    assert draw(FixedLogits([1e4, 0.0, -1e4]), 5, 0.01, rng) == [0] * 5


def test_the_model_never_sees_more_than_its_context():
    model = FixedLogits([0.0, 0.0, 1.0], n_positions=4)
    result = generate(model, ids(0, 1), 4, do_sample=False)
    assert np.from_dlpack(result).tolist() == [[0, 1, 2, 2, 2, 2]]
    assert model.seen == [[0, 1], [0, 1, 2], [0, 1, 2, 2], [1, 2, 2, 2]]


@pytest.mark.slow
def test_a_bare_compiled_graph_is_a_model_too(shakespeare):
    texts = [
        np.from_dlpack(generate(model, ids(3, 1, 4), 5, do_sample=False)).tolist()
        for model in (shakespeare, shakespeare.graph)
    ]
    assert texts[0] == texts[1]
    assert len(texts[0][0]) == 8


def test_a_temperature_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"-0\.5"):
        generate_next_token(FixedLogits([0.0]), ids(0), temperature=-0.5)


@pytest.mark.slow
def test_i_love_ai_keeps_its_cycle_only_where_positions_were_trained(i_love_ai):
    tokens = np.from_dlpack(generate(i_love_ai, ids(0), 40, do_sample=False))[0].tolist()
    cycle = [position % 4 for position in range(41)]
    assert tokens[:9] == cycle[:9]
    assert tokens[9:] != cycle[9:]
