"""`gpt2 generate`: a prompt in, text out, a piece at a time."""

import os
import sys
import time
from collections.abc import Iterator

from commands.terminal import COMPILING, note, run_visibly, write
from gpt2.errors import UserError
from gpt2.language_model import load
from gpt2.text.continuation import Continuation
from gpt2.text.options import Options


def generate_text(
    prompt: str | None,
    options: Options,
    *,
    model: str,
    samples: int,
    device: str,
    threads: int | None,
    quantize: str | None,
    speculate: str | None,
    kernels: bool,
) -> None:
    """Writes the prompt and what follows it to standard output, by the engine.

    Args: as `gpt2 generate --help` has them, and `load`.

    Raises:
        UserError: the device, a file, the prompt or a combination of options cannot be used.
    """
    prompt = read_prompt(prompt)
    language_model = run_visibly(
        lambda: load(
            model,
            device=device,
            quantize=quantize,
            speculate=speculate,
            kernels=kernels,
            threads=threads,
        ),
        f"Loading {model}",
        COMPILING,
    )
    limit = language_model.engine.config.n_positions
    for number in range(samples):
        if samples > 1:
            write(f"{'' if number == 0 else chr(10)}--- {number + 1} of {samples}\n")
        continuation = language_model.start(prompt, options, number)
        show(prompt, continuation, language_model.write(continuation), limit)


def show(prompt: str, continuation: Continuation, pieces: Iterator[str], limit: int) -> None:
    """Writes a text as it comes, and then how long it took.

    Args:
        prompt: the text before.
        continuation: the text that the pieces finish.
        pieces: what to write.
        limit: how many tokens the model sees at once.
    """
    unseen = len(continuation.ids) - limit
    if unseen > 0:
        note(
            f"The prompt is longer than the context of {limit} tokens: "
            f"its first {unseen} tokens were dropped."
        )
    write(prompt)
    began = time.monotonic()
    try:
        for piece in pieces:
            write(piece)
    finally:  # after Ctrl-C too
        write("\n")
        seconds = time.monotonic() - began
        count = len(continuation.new_ids)
        tokens = "token" if count == 1 else "tokens"
        line = f"{count} {tokens} in {seconds:.1f} s, {count / seconds:.1f} tokens per second"
        # The last token is written, but never read.
        if len(continuation.ids) - 1 > limit + max(unseen, 0):
            line += f"; the context of {limit} tokens was full, so the oldest were dropped"
        note(line)


def read_prompt(argument: str | None) -> str:
    """The argument, or what was piped in without the line end that echo adds.

    Raises:
        UserError: it cannot be read, or is no UTF-8 text.
    """
    try:
        if argument is not None:
            content = os.fsencode(argument)  # the bytes that the shell passed on
        elif sys.stdin.isatty():
            content = b""
        else:
            content = sys.stdin.buffer.read().removesuffix(b"\n")
        return content.decode("utf-8")
    except OSError as error:
        raise UserError(f"standard input cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"the prompt is not UTF-8 text: {error}") from error
