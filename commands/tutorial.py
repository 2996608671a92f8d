"""`gpt2 generate --engine tutorial` and `--steps`: step 12's loop, which computes all again."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from max.driver import Device
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.tensor import Tensor

from commands.generate import read_prompt, show
from commands.terminal import note, run_visibly
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import locate
from gpt2.checkpoint.model import CompiledModel, load_model
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.devices import choose_device
from gpt2.text.continuation import Continuation
from gpt2.text.options import Options
from solutions.solution_12 import generate_next_token

if TYPE_CHECKING:
    from course.own_model import OwnModel


def generate_text(
    prompt: str | None,
    options: Options,
    *,
    model: str,
    device: str,
    steps: bool,
) -> None:
    """Writes the prompt and what follows it to standard output, by step 12's loop.

    Args: as `gpt2 generate --help` has them; steps says to run the reader's own files.

    Raises:
        UserError: the device, a file or the prompt cannot be used.
    """
    chosen_device = choose_device(device)
    prompt = read_prompt(prompt)
    folder = locate(model)
    config, tokenizer = read_config(folder), Tokenizer(folder)
    tokenizer.check(config.vocab_size, folder)
    continuation = Continuation(tokenizer, tokenizer.encode_prompt(prompt), options, options.seed)
    own = read_own_model() if steps else None

    def load() -> TutorialModel:
        tutorial = TutorialModel(folder, chosen_device, own, continuation.ids)
        tutorial.warm_up(continuation)
        return tutorial

    tutorial = run_visibly(
        load,
        f"Loading {model}",
        "Compiling the model for this machine: a minute or two, and only this once.",
    )
    show(prompt, continuation, tutorial.write(continuation), config.n_positions)


class TutorialModel:
    """Step 11's model in step 12's loop: the reference's, or the reader's own."""

    def __init__(
        self, folder: Path, device: Device, own: "OwnModel | None", ids: list[int]
    ) -> None:
        """Compiles the model of a checkpoint.

        Args:
            folder: the checkpoint.
            device: where to run.
            own: what `read_own_model` returned; None for the reference.
            ids: a text to try the reader's model with.
        """
        config = read_config(folder)
        if own is None:
            self._model: CompiledModel = load_model(folder, config, device)
        else:
            self._model = load_model(folder, config, device, own.architecture)
            own.compare_with_eager(self._model, folder, ids)
        self._choose = own.generate_next_token if own else generate_next_token

    def warm_up(self, continuation: Continuation) -> None:
        """Chooses a token: step 12's own operations are compiled when they first run."""
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
            token = self._choose(model, input_ids, temperature=temperature, rng=rng)
            input_ids = F.concat([input_ids, token.reshape([1, 1])], axis=1)
            yield int(token.item())


def read_own_model() -> "OwnModel":
    """The reader's model, and a word about what in it is not the reader's yet."""
    from course.own_model import load_own_model

    own = run_visibly(load_own_model, "Reading your steps", "Checking your steps:")
    if own.stand_ins:
        steps = "step" if len(own.stand_ins) == 1 else "steps"
        numbers = ", ".join(map(str, own.stand_ins))
        note(f"Not right yet, so the reference stands in: {steps} {numbers}.")
    return own
