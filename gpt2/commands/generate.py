"""`gpt2 generate`: a prompt in, text out, a piece at a time."""

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.tensor import Tensor

from gpt2.config import read_config
from gpt2.errors import UserError
from gpt2.locate import locate
from gpt2.model import CompiledModel, choose_device, load_model
from gpt2.terminal import note, run_visibly, write
from gpt2.tokenizer import END_OF_TEXT, Tokenizer
from solutions.solution_12 import generate_next_token

if TYPE_CHECKING:
    from course.own_model import OwnModel


def generate_text(
    prompt: str | None,
    *,
    model: str,
    max_new_tokens: int,
    temperature: float,
    seed: int | None,
    device: str,
    quiet: bool,
    steps: bool,
) -> None:
    """Writes the prompt and what follows it to standard output.

    Args: as `gpt2 generate --help` has them; steps says to run the reader's own files.

    Raises:
        UserError: the device, a file or the prompt cannot be used.
    """
    chosen_device = choose_device(device)
    prompt = _read_prompt(prompt)

    folder = locate(model)
    config = read_config(folder)
    tokenizer = Tokenizer(folder)
    if tokenizer.vocab_size > config.vocab_size:
        raise UserError(
            f"{folder}: the tokenizer has {tokenizer.vocab_size} tokens, "
            f"the model only {config.vocab_size}"
        )
    prompt_ids = _encode(prompt, tokenizer)
    dropped = len(prompt_ids) - config.n_positions
    if dropped > 0:
        prompt_ids = prompt_ids[dropped:]
        if not quiet:
            note(
                f"The prompt is longer than the context of {config.n_positions} tokens: "
                f"its first {dropped} tokens were dropped."
            )

    own = _own_model(quiet) if steps else None
    choose = own.generate_next_token if own else generate_next_token

    def load() -> CompiledModel:
        if own:
            compiled = load_model(folder, config, chosen_device, own.architecture)
            own.compare_with_eager(compiled, folder, prompt_ids)
        else:
            compiled = load_model(folder, config, chosen_device)
        # Step 12's own operations are compiled when they first run: do that now, too.
        rng = np.random.default_rng()
        next(_new_tokens(choose, compiled, prompt_ids, temperature, rng))
        return compiled

    compiled = run_visibly(
        load,
        f"Loading {model}",
        "Compiling the model for this machine: a minute or two, and only this once.",
    )
    stream = tokenizer.stream(prompt_ids)
    rng = np.random.default_rng(seed)
    new_tokens = _new_tokens(choose, compiled, prompt_ids, temperature, rng)
    began = time.monotonic()
    count = 0
    write(prompt)
    try:
        for token in itertools.islice(new_tokens, max_new_tokens):
            count += 1
            if token == tokenizer.end_of_text:
                break
            write(stream.push(token))
    finally:  # after Ctrl-C too
        write(stream.finish() + "\n")
        seconds = time.monotonic() - began
        if not quiet:
            tokens = "token" if count == 1 else "tokens"
            note(f"{count} {tokens} in {seconds:.1f} s, {count / seconds:.1f} tokens per second")


def _read_prompt(argument: str | None) -> str:
    """The argument, or what was piped in without the line end that echo adds."""
    if argument is not None:
        content = os.fsencode(argument)  # the bytes that the shell passed on
    elif sys.stdin is None or sys.stdin.isatty():
        content = b""
    else:
        content = sys.stdin.buffer.read().removesuffix(b"\n")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"the prompt is not UTF-8 text: {error}") from error


def _encode(prompt: str, tokenizer: Tokenizer) -> list[int]:
    """The ids of the prompt; of `<|endoftext|>`, where text begins, if it is empty."""
    if ids := tokenizer.encode(prompt):
        return ids
    if tokenizer.end_of_text is None:
        raise UserError(
            f"the prompt is empty, and this model has no {END_OF_TEXT} to start from: "
            "give it a first word"
        )
    return [tokenizer.end_of_text]


def _own_model(quiet: bool) -> "OwnModel":
    """The reader's model, and a word about what in it is not the reader's yet."""
    from course.own_model import load_own_model

    own = run_visibly(load_own_model, "Reading your steps", "Checking your steps:")
    if own.stand_ins and not quiet:
        steps = "step" if len(own.stand_ins) == 1 else "steps"
        numbers = ", ".join(map(str, own.stand_ins))
        note(f"Not right yet, so the reference stands in: {steps} {numbers}.")
    return own


def _new_tokens(
    choose: Callable[..., Tensor],
    model: CompiledModel,
    prompt_ids: list[int],
    temperature: float,
    rng: np.random.Generator,
) -> Iterator[int]:
    """Step 12's loop, which hands out each token as soon as it is chosen; it never ends."""
    input_ids = Tensor(np.array([prompt_ids]), dtype=DType.int64, device=model.device)
    while True:
        token = choose(model, input_ids, temperature=temperature, rng=rng)
        input_ids = F.concat([input_ids, token.reshape([1, 1])], axis=1)
        yield int(token.item())
