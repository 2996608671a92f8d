"""GPT-2 in one file: the twelve steps, as `gpt2 show` prints them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from max.driver import CPU, Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental import random
from max.experimental.nn import Linear, Module, ModuleList
from max.experimental.tensor import Tensor
from max.graph import Dim, DimLike


# Step 01: the model's configuration.
@dataclass(frozen=True)
class GPT2Config:
    """The sizes of a GPT-2. The defaults are those of the smallest one, 124M."""

    vocab_size: int = 50257  # how many different tokens there are
    n_positions: int = 1024  # the longest sequence the model can see
    n_embd: int = 768  # the width of the vector that stands for one token
    n_layer: int = 12  # transformer blocks, one after the other
    n_head: int = 12  # attention heads in each block, side by side
    n_inner: int | None = None  # the width inside the feed-forward network; None: 4 * n_embd
    layer_norm_epsilon: float = 1e-5  # keeps layer norm from dividing by zero

    def __post_init__(self) -> None:
        if self.n_embd % self.n_head != 0:
            raise ValueError(f"n_embd {self.n_embd} is not a multiple of n_head {self.n_head}")

    @property
    def head_dim(self) -> int:
        """The width of one attention head: the heads share n_embd equally."""
        return self.n_embd // self.n_head

    @property
    def inner_dim(self) -> int:
        """The width inside the feed-forward network: n_inner, or 4 * n_embd where it is None."""
        return 4 * self.n_embd if self.n_inner is None else self.n_inner


# Step 02: the causal mask.
def causal_mask(
    sequence_length: DimLike, past_length: int = 0, *, dtype: DType, device: Device
) -> Tensor:
    """Says which keys each query may see."""
    shape = [sequence_length, Dim(sequence_length) + past_length]
    hidden = Tensor.full(shape, float("-inf"), dtype=dtype, device=device)
    return F.band_part(hidden, num_upper=past_length, exclude=True)


# Step 03: layer normalization.
class LayerNorm(Module[[Tensor], Tensor]):
    """Normalizes the last axis: weight * (x - mean) / sqrt(variance + eps) + bias."""

    def __init__(self, dim: int, *, eps: float = 1e-5) -> None:
        self.eps = eps
        self.weight = Tensor.ones([dim])
        self.bias = Tensor.zeros([dim])

    def forward(self, x: Tensor) -> Tensor:
        """x `[..., dim]` -> `[..., dim]`, of the same dtype."""
        centered = x - F.mean(x, axis=-1)  # [..., dim]
        variance = F.mean(centered * centered, axis=-1)  # [..., 1]
        normalized = centered * F.rsqrt(variance + self.eps)  # [..., dim]
        return normalized * self.weight + self.bias


# Step 04: the feed-forward network.
class GPT2MLP(Module[[Tensor], Tensor]):
    """Two linear layers with a GELU between them, applied to each position alone."""

    def __init__(self, intermediate_size: int, config: GPT2Config) -> None:
        self.c_fc = Linear(config.n_embd, intermediate_size)
        self.c_proj = Linear(intermediate_size, config.n_embd)

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        hidden = self.c_fc(x)  # [batch, seq, intermediate_size]
        hidden = F.gelu(hidden, approximate="tanh")
        return self.c_proj(hidden)  # [batch, seq, n_embd]


# Step 05: token embeddings.
class TokenEmbedding(Module[[Tensor], Tensor]):
    """Looks up the vector of each token."""

    def __init__(self, config: GPT2Config) -> None:
        self.weight = random.normal([config.vocab_size, config.n_embd], std=0.02)

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, each below vocab_size -> `[batch, seq, n_embd]`."""
        return F.gather(self.weight, input_ids, axis=0)  # [batch, seq, n_embd]


# Step 06: position embeddings.
class PositionEmbedding(Module[[Tensor], Tensor]):
    """Gives the vectors of positions 0, 1, 2, ... for a batch of sequences."""

    def __init__(self, config: GPT2Config) -> None:
        self.weight = random.normal([config.n_positions, config.n_embd], std=0.02)

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, seq at most n_positions -> `[seq, n_embd]`."""
        sequence_length = input_ids.shape[1]
        return self.weight[:sequence_length]  # [seq, n_embd]


# Step 07: multi-head attention.
class GPT2MultiHeadAttention(Module[[Tensor], Tensor]):
    """Causal self-attention with n_head heads."""

    def __init__(self, config: GPT2Config) -> None:
        self.n_head = config.n_head
        self.head_dim = config.head_dim
        self.c_attn = Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = Linear(config.n_embd, config.n_embd)

    def split_heads(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, n_head, seq, head_dim]`."""
        batch, sequence_length, _ = x.shape
        x = x.reshape([batch, sequence_length, self.n_head, self.head_dim])
        return x.transpose(1, 2)  # [batch, n_head, seq, head_dim]

    def merge_heads(self, x: Tensor) -> Tensor:
        """x `[batch, n_head, seq, head_dim]` -> `[batch, seq, n_embd]`: undoes split_heads."""
        batch, _, sequence_length, _ = x.shape
        x = x.transpose(1, 2)  # [batch, seq, n_head, head_dim]
        return x.reshape([batch, sequence_length, self.n_head * self.head_dim])

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        """Mixes the values, for each query, by how well its key fits."""
        scores = query @ key.transpose(2, 3) / math.sqrt(self.head_dim)
        weights = F.softmax(scores + mask)  # [batch, n_head, seq, total], each row sums to 1
        return weights @ value  # [batch, n_head, seq, head_dim]

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        n_embd = self.n_head * self.head_dim
        query, key, value = F.split(self.c_attn(x), [n_embd, n_embd, n_embd], axis=-1)
        mask = causal_mask(x.shape[1], dtype=x.dtype, device=x.device)  # [seq, seq]
        mixed = self.attend(
            self.split_heads(query), self.split_heads(key), self.split_heads(value), mask
        )
        return self.c_proj(self.merge_heads(mixed))  # [batch, seq, n_embd]


# Step 08: the residual connection.
def pre_norm_residual(
    x: Tensor,
    norm: Callable[[Tensor], Tensor],
    sublayer: Callable[[Tensor], Tensor],
) -> Tensor:
    """Adds to x what the sublayer makes of a normalized copy; nothing changes its shape."""
    return x + sublayer(norm(x))


# Step 09: the transformer block.
class GPT2Block(Module[[Tensor], Tensor]):
    """Attention and a feed-forward network, each behind a layer norm and inside a residual."""

    def __init__(self, config: GPT2Config) -> None:
        self.ln_1 = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = GPT2MultiHeadAttention(config)
        self.ln_2 = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = GPT2MLP(config.inner_dim, config)

    def forward(self, x: Tensor) -> Tensor:
        """x `[batch, seq, n_embd]` -> `[batch, seq, n_embd]`."""
        x = pre_norm_residual(x, self.ln_1, self.attn)
        return pre_norm_residual(x, self.ln_2, self.mlp)


# Step 10: stacking the blocks.
class GPT2Model(Module[[Tensor], Tensor]):
    """GPT-2 without its head."""

    def __init__(self, config: GPT2Config) -> None:
        self.wte = TokenEmbedding(config)
        self.wpe = PositionEmbedding(config)
        self.h = ModuleList([GPT2Block(config) for _ in range(config.n_layer)])
        self.ln_f = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, seq at most n_positions -> `[batch, seq, n_embd]`."""
        x = self.wte(input_ids) + self.wpe(input_ids)  # [batch, seq, n_embd]
        for block in self.h:
            x = block(x)
        return self.ln_f(x)


# Step 11: the language-model head.
class GPT2LMHeadModel(Module[[Tensor], Tensor]):
    """GPT-2 whole: token ids in, logits out."""

    def __init__(self, config: GPT2Config) -> None:
        self.config = config
        self.transformer = GPT2Model(config)

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids int64 `[batch, seq]`, seq at most n_positions -> `[batch, seq, vocab_size]`."""
        hidden = self.transformer(input_ids)  # [batch, seq, n_embd]
        return hidden @ self.transformer.wte.weight.T  # [batch, seq, vocab_size]


# Step 12: text generation.
def generate_next_token(
    model: Callable[[Tensor], Tensor],
    input_ids: Tensor,
    *,
    temperature: float = 1.0,
    do_sample: bool = True,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Chooses the token that follows input_ids."""
    if temperature < 0:
        raise ValueError(f"temperature must be 0 or more, not {temperature}")
    config = getattr(model, "config", None)  # a bare compiled graph has none
    too_many = int(input_ids.shape[1]) - config.n_positions if config else 0
    if too_many > 0:
        input_ids = input_ids[:, too_many:]  # [1, n_positions]
    logits = model(input_ids)[0, -1]  # [vocab_size]
    if not do_sample or temperature == 0:
        return F.argmax(logits).reshape([])

    scaled = np.from_dlpack(logits.to(CPU())).astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max())  # the largest is 1: nothing overflows
    probabilities = exponentials / exponentials.sum()  # [vocab_size], sums to 1
    rng = np.random.default_rng() if rng is None else rng
    token = rng.choice(len(probabilities), p=probabilities)
    return Tensor.from_dlpack(np.array(token, dtype=np.int64)).to(input_ids.device)


def generate(
    model: Callable[[Tensor], Tensor],
    input_ids: Tensor,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    do_sample: bool = True,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Continues input_ids, one token at a time."""
    for _ in range(max_new_tokens):
        token = generate_next_token(
            model, input_ids, temperature=temperature, do_sample=do_sample, rng=rng
        )
        input_ids = F.concat([input_ids, token.reshape([1, 1])], axis=1)
    return input_ids
