"""Step 12: text generation.

The model scores every token as the next one. Choose one by its probability, put it at
the end of the text, and ask again.
"""

# ANCHOR: code (the book shows what follows)
from collections.abc import Callable

import numpy as np
from max.driver import CPU
from max.experimental import functional as F
from max.experimental.tensor import Tensor


def generate_next_token(
    model: Callable[[Tensor], Tensor],
    input_ids: Tensor,
    *,
    temperature: float = 1.0,
    do_sample: bool = True,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Chooses the token that follows input_ids.

    Args:
        model: maps ids `[1, seq]` to logits `[1, seq, vocab_size]`: the module of step 11,
            or its compiled form.
        input_ids: int64 `[1, seq]`. A model that has a config is shown the last n_positions.
        temperature: the logits are divided by it: below 1 the likely tokens gain, above 1
            the unlikely ones. 0 means greedy.
        do_sample: draw by probability; False takes the most likely token (greedy).
        rng: NumPy's source of randomness; None draws a fresh one.

    Returns:
        The token's id, an int64 scalar on the device of input_ids.

    Raises:
        ValueError: temperature is below 0.

    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020),
    on sampling with temperature.
    """
    # BEGIN SOLUTION: refuse a temperature below 0; crop to the last n_positions ids; keep the
    #   logits of the last position; be greedy, or draw from softmax(logits / temperature).
    #   MAX: F.argmax (it keeps the axis), Tensor.reshape, Tensor.to, Tensor.from_dlpack
    #   NumPy: np.from_dlpack, Generator.choice(n, p=probabilities)
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
    # END SOLUTION


def generate(
    model: Callable[[Tensor], Tensor],
    input_ids: Tensor,
    max_new_tokens: int,
    *,
    temperature: float = 1.0,
    do_sample: bool = True,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Continues input_ids, one token at a time.

    Args: as for `generate_next_token`; max_new_tokens says how many tokens to add.

    Returns:
        int64 `[1, seq + max_new_tokens]`: input_ids and what follows them.

    Raises:
        ValueError: temperature is below 0.
    """
    # BEGIN SOLUTION: max_new_tokens times, choose the next token and append it.
    #   MAX: Tensor.reshape, F.concat(tensors, axis=...)
    for _ in range(max_new_tokens):
        token = generate_next_token(
            model, input_ids, temperature=temperature, do_sample=do_sample, rng=rng
        )
        input_ids = F.concat([input_ids, token.reshape([1, 1])], axis=1)
    return input_ids
    # END SOLUTION
