"""The shipped model for `gpt2 look`, made of the steps that are in place, and run uncompiled."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import empty_model
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from solutions.solution_02 import causal_mask
from solutions.solution_10 import GPT2Model
from solutions.solution_11 import GPT2LMHeadModel

FOLDER = SHIPPED / "shakespeare"
PASSAGE = FOLDER / "validation.txt"  # which the model was not trained on
WINDOWS = 4  # contexts of the passage that are read

config = read_config(FOLDER)
tokenizer = Tokenizer(FOLDER)


@cache
def _weights() -> dict[str, np.ndarray]:
    return read_weights(FOLDER, config)


def part(architecture: type[Module], prefix: str = "", **sizes: int) -> Module:
    """A part of the shipped model, not compiled, whose weights have this prefix."""
    module = empty_model(replace(config, **sizes), CPU(), architecture)
    module.load_state_dict({name: _weights()[prefix + name] for name, _ in module.parameters})
    return module


def as_ids(ids: Sequence[int] | np.ndarray) -> Tensor:
    """ids `[seq]` or `[batch, seq]` -> int64 `[batch, seq]`."""
    return Tensor(np.atleast_2d(np.array(ids)), dtype=DType.int64, device=CPU())


def arrays(compute: Callable[[], list[Tensor]]) -> np.ndarray:
    """What is computed, float64: lazily, which is faster than eagerly, and compiles no graph."""
    with F.lazy():
        tensors = compute()
    return np.array([np.from_dlpack(tensor.to(CPU())) for tensor in tensors], np.float64)


def spelled(token: int) -> str:
    return tokenizer.decode([int(token)])


def prompt_ids(text: str, longest: int = config.n_positions) -> list[int]:
    """The ids of a text, of its end if it is longer."""
    return tokenizer.encode_prompt(text)[-longest:]


def next_logits(ids: list[int]) -> np.ndarray:
    """The logits behind a text, `[vocab_size]`."""
    model = part(GPT2LMHeadModel)
    return arrays(lambda: [model(as_ids(ids))[0, -1]])[0]


def attention(ids: list[int]) -> np.ndarray:
    """What each query takes from each key, `[n_layer, n_head, seq, seq]`.

    `attend` mixes the values by these shares: where the values are an identity, they come out.
    """
    model = part(GPT2Model, "transformer.")
    shape = (1, config.n_head, len(ids), config.head_dim)
    identity = np.broadcast_to(np.eye(*shape[2:], dtype=np.float32), shape).copy()

    def compute() -> list[Tensor]:
        x, layers = model.wte(as_ids(ids)) + model.wpe(as_ids(ids)), []
        hidden = causal_mask(len(ids), dtype=DType.float32, device=CPU())
        value = Tensor(identity, dtype=DType.float32, device=CPU())
        for block in model.h:
            parts = F.split(block.attn.c_attn(block.ln_1(x)), [config.n_embd] * 3, axis=-1)
            query, key = (block.attn.split_heads(part) for part in parts[:2])
            layers.append(block.attn.attend(query, key, value, hidden)[0])
            x = block(x)
        return layers

    return arrays(compute)[..., : len(ids)]


def passage_loss() -> float:
    """The mean of -ln(probability of what really comes next), in nats, over WINDOWS contexts."""
    ids = np.array(tokenizer.encode(PASSAGE.read_text(encoding="utf-8")))
    windows = ids[: WINDOWS * config.n_positions].reshape(WINDOWS, -1)
    following = ids[1 : windows.size + 1].reshape(windows.shape)
    model = part(GPT2LMHeadModel)
    (logits,) = arrays(lambda: [model(as_ids(windows))])  # [WINDOWS, n_positions, vocab_size]
    chosen = np.take_along_axis(logits, following[..., None], axis=-1)[..., 0]
    return float(np.mean(np.log(np.exp(logits).sum(-1)) - chosen))
