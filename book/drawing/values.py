"""What the figures show: values read from the shipped models, run by the solutions' modules."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.tensor import Tensor

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import empty_model
from gpt2.checkpoint.shapes import parameter_shapes
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.checkpoint.weights import read_weights
from solutions.solution_01 import GPT2Config
from solutions.solution_02 import causal_mask
from solutions.solution_07 import GPT2MultiHeadAttention
from solutions.solution_11 import GPT2LMHeadModel


@dataclass(frozen=True)
class Layer:
    """What happens in one block, for a text of seq tokens."""

    before: np.ndarray  # [seq, n_embd]: the residual stream that the block reads
    weights: np.ndarray  # [n_head, seq, seq]: how much each query takes from each key
    from_attention: np.ndarray  # [seq, n_embd]: what attention adds
    widened: np.ndarray  # [seq, inner_dim]: inside the feed-forward network, before its GELU
    from_mlp: np.ndarray  # [seq, n_embd]: what the feed-forward network adds
    after: np.ndarray  # [seq, n_embd]: the residual stream that the block leaves


@cache
def load(name: str) -> GPT2LMHeadModel:
    """A shipped checkpoint, uncompiled, on the CPU: its modules can be called one by one."""
    folder = SHIPPED / name
    config = read_config(folder)
    model = empty_model(config, CPU())
    model.load_state_dict(read_weights(folder, config))
    return model


@cache
def tokenizer(name: str) -> Tokenizer:
    """The vocabulary of a shipped checkpoint."""
    return Tokenizer(SHIPPED / name)


def encode(name: str, text: str) -> list[int]:
    """The ids of a text; for shakespeare, as everywhere, behind the token that opens a speech."""
    tokens = tokenizer(name)
    start = [] if tokens.end_of_text is None else [tokens.end_of_text]
    return start + tokens.encode(text)


def spell(name: str, ids: list[int]) -> list[str]:
    """Each token's text, with its spaces and line breaks made visible."""
    pieces = (tokenizer(name).decode([number]) for number in ids)
    return [piece.replace(" ", "␣").replace("\n", "⏎") for piece in pieces]


def array(tensor: Tensor) -> np.ndarray:
    """A tensor as a NumPy array of the same shape, float64."""
    return np.from_dlpack(tensor.to(CPU())).astype(np.float64)


def as_batch(ids: list[int]) -> Tensor:
    """ids -> int64 `[1, seq]`."""
    return Tensor.from_dlpack(np.array([ids], dtype=np.int64))


def logits(name: str, ids: list[int]) -> np.ndarray:
    """The scores of every token after every position, `[seq, vocab_size]`."""
    return array(load(name)(as_batch(ids)))[0]


def layers(name: str, ids: list[int]) -> list[Layer]:
    """Follows a text through the blocks of a model: one Layer for each."""
    transformer = load(name).transformer
    x = transformer.wte(as_batch(ids)) + transformer.wpe(as_batch(ids))  # [1, seq, n_embd]
    followed = []
    for block in transformer.h:
        normalized = block.ln_1(x)
        from_attention = block.attn(normalized)
        middle = x + from_attention
        widened = block.mlp.c_fc(block.ln_2(middle))  # [1, seq, inner_dim]
        after = block(x)
        parts = (x, attention_weights(block.attn, normalized), from_attention)
        parts += (widened, after - middle, after)
        followed.append(Layer(*(array(part)[0] for part in parts)))
        x = after
    return followed


def attention_weights(attention: GPT2MultiHeadAttention, x: Tensor) -> Tensor:
    """x `[1, seq, n_embd]` -> `[1, n_head, seq, seq]`, each row sums to 1.

    `attend` returns weights @ value. Where the values are the identity, these are the weights.
    """
    sequence_length, n_embd = int(x.shape[1]), int(x.shape[2])
    query, key, _ = F.split(attention.c_attn(x), [n_embd, n_embd, n_embd], axis=-1)
    identity = np.eye(sequence_length, dtype=np.float32)  # [seq, seq]
    value = np.broadcast_to(identity, (1, attention.n_head, *identity.shape)).copy()
    mask = causal_mask(sequence_length, dtype=x.dtype, device=x.device)
    heads = (attention.split_heads(query), attention.split_heads(key), Tensor.from_dlpack(value))
    return attention.attend(*heads, mask)


def guesses(name: str, stream: np.ndarray) -> np.ndarray:
    """The probabilities of the next token if the blocks ended here: the "logit lens".

    Args:
        name: the model.
        stream: `[seq, n_embd]`, the residual stream after some block.

    Returns:
        `[seq, vocab_size]`, each row sums to 1.

    Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
    """
    transformer = load(name).transformer
    hidden = transformer.ln_f(Tensor.from_dlpack(stream.astype(np.float32)))
    return softmax(array(hidden @ transformer.wte.weight.T))


def softmax(scores: np.ndarray) -> np.ndarray:
    """scores `[..., n]` -> probabilities `[..., n]`."""
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def masks() -> tuple[np.ndarray, np.ndarray]:
    """Step 2's mask for five queries, `[5, 5]`, and for the last two after three, `[2, 5]`."""
    options = {"dtype": DType.float32, "device": CPU()}
    return array(causal_mask(5, **options)), array(causal_mask(2, past_length=3, **options))


def parameter_counts(config: GPT2Config) -> dict[str, int]:
    """How many numbers each kind of module holds: wte, wpe, attn, mlp, and all norms as ln."""
    counts = dict.fromkeys(("wte", "wpe", "attn", "mlp", "ln"), 0)
    for name, shape in parameter_shapes(config):
        kind = next(kind for kind in counts if f".{kind}" in name)
        counts[kind] += int(np.prod(shape))
    return counts
