"""`gpt2 generate --engine tutorial`: step 12's loop, which computes all again for each token."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from max.driver import Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.tensor import Tensor

from commands.generate import read_prompt, show
from commands.terminal import COMPILING, run_visibly
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import locate
from gpt2.checkpoint.model import CompiledModel, compare_with_eager, load_model
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.devices import choose_device
from gpt2.text.continuation import Continuation
from gpt2.text.options import Options
from solutions.solution_12 import generate_next_token


def generate_text(prompt: str | None, options: Options, *, model: str, device: str) -> None:
    """Writes the prompt and what follows it to standard output, by step 12's loop.

    Args: as `gpt2 generate --help` has them.

    Raises:
        UserError: the device, a file or the prompt cannot be used.
    """
    chosen_device = choose_device(device)
    prompt = read_prompt(prompt)
    folder = locate(model)
    config, tokenizer = read_config(folder), Tokenizer(folder)
    tokenizer.check(config.vocab_size, folder)
    continuation = Continuation(tokenizer, tokenizer.encode_prompt(prompt), options, options.seed)
    tutorial = run_visibly(
        lambda: TutorialModel(folder, chosen_device, continuation),
        f"Loading {model}",
        COMPILING,
    )
    show(prompt, continuation, tutorial.write(continuation), config.n_positions)


class TutorialModel:
    """Step 11's model in step 12's loop."""

    def __init__(self, folder: Path, device: Device, continuation: Continuation) -> None:
        """Compiles the model of a checkpoint, and tries it with a text.

        Raises:
            UserError: compiled, it does not compute what it computes eagerly.
        """
        config = read_config(folder)
        self._model: CompiledModel = load_model(folder, config, device)
        compare_with_eager(self._model, folder, continuation.ids)
        # Step 12's own operations are compiled when they first run.
        next(self._tokens(continuation, np.random.default_rng()))

    def write(self, continuation: Continuation) -> Iterator[str]:
        """Finishes a text; yields its pieces."""
        for token in self._tokens(continuation, continuation.rng):
            yield continuation.push(token)
            if continuation.finish_reason is not None:
                return

    def _tokens(self, continuation: Continuation, rng: np.random.Generator) -> Iterator[int]:
        """Step 12's loop, which hands out each token as soon as it is chosen; it never ends."""
        model, temperature = self._model, continuation.options.temperature
        input_ids = Tensor(np.array([continuation.ids]), dtype=DType.int64, device=model.device)
        while True:
            token = generate_next_token(model, input_ids, temperature=temperature, rng=rng)
            input_ids = F.concat([input_ids, token.reshape([1, 1])], axis=1)
            yield int(token.item())
