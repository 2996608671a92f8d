"""The engine as a Python interface: `load` a model, and let it write."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import locate
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.devices import choose_device
from gpt2.engine.engine import Engine
from gpt2.engine.formats import QUANTIZED
from gpt2.errors import UserError
from gpt2.text.batch import Batch
from gpt2.text.continuation import Continuation
from gpt2.text.drafters import DraftModel, PromptLookup
from gpt2.text.options import Options, options_named
from gpt2.text.speculation import Drafter, speculate
from gpt2.text.together import AT_ONCE, write_together
from gpt2.values import Numbers, checked, flag, one_of, path, several, text
from solutions.solution_01 import GPT2Config

LOOKUP = "lookup"
LOOKUP_DRAFTS = 7  # with the token before them eight rows, which cost little more than one
MODEL_DRAFTS = 4


@dataclass(frozen=True)
class Generation:
    """A text that a model wrote.

    Attributes:
        text: what follows the prompt.
        ids: its tokens.
        log_probabilities: the natural logarithm of each token's probability, before any
            strategy; empty unless asked for.
        finish_reason: `stop` at a stop string or token, `length` after max_new_tokens.
    """

    text: str
    ids: list[int]
    log_probabilities: list[float]
    finish_reason: str


class LanguageModel:
    """A model that continues texts. Make one with `load`."""

    def __init__(
        self, engine: Engine, tokenizer: Tokenizer, draft: Engine | None, lookup: bool
    ) -> None:
        self.engine = engine
        self.tokenizer = tokenizer
        self._draft = draft
        self._lookup = lookup

    def stream(self, prompt: str, **options: object) -> Iterator[str]:
        """Continues a text, a piece at a time. Who stops asking for pieces ends it.

        Args:
            prompt: the text; what exceeds the model's context is not seen.
            options: the fields of `gpt2.text.options.Options`.

        Yields:
            Pieces, as soon as they are certain; together they are what follows the prompt.

        Raises:
            UserError: the prompt cannot be encoded.
            ValueError: the prompt is no string, or an option has a value that it may not have.
            TypeError: there is no such option.
        """
        chosen = options_named(**options)
        return self.write(self.start(checked("prompt", prompt, text), chosen))

    def generate(
        self, prompts: str | Sequence[str], *, samples: int = 1, **options: object
    ) -> list[Generation]:
        """Continues texts, all together.

        Args:
            prompts: a text, or several.
            samples: how many times to continue each.
            options: the fields of `gpt2.text.options.Options`; the nth text is that of seed + n.

        Returns:
            The samples of the first prompt, then those of the second, and so on.

        Raises:
            UserError: a prompt cannot be encoded.
            ValueError: a prompt is no string, or an option or samples has a value that it may
                not have.
            TypeError: there is no such option.
        """
        chosen = options_named(**options)
        samples = checked("samples", samples, Numbers(int, 1))
        if isinstance(prompts, str):
            prompts = [prompts]
        prompts = checked("prompts", prompts, several(text, "strings"))
        texts = [prompt for prompt in prompts for _ in range(samples)]
        continuations = [self.start(prompt, chosen, number) for number, prompt in enumerate(texts)]
        for _ in self.write_all(continuations):
            pass
        return [
            Generation(
                continuation.text,
                continuation.new_ids,
                continuation.log_probabilities,
                continuation.finish_reason or "",
            )
            for continuation in continuations
        ]

    def start(self, prompt: str, options: Options, number: int = 0) -> Continuation:
        """A text that begins with a prompt; number counts the texts of one seed."""
        seed = None if options.seed is None else options.seed + number
        return Continuation(self.tokenizer, self.tokenizer.encode_prompt(prompt), options, seed)

    def write(self, continuation: Continuation) -> Iterator[str]:
        """Finishes a text that `start` began; yields its pieces."""
        if self._speculates:
            count = LOOKUP_DRAFTS if self._lookup else MODEL_DRAFTS
            yield from speculate(self.engine, self._drafter(), continuation, count)
            return
        batch = Batch(self.engine, [continuation.ids])
        while True:
            (logits,) = batch.logits
            token = continuation.choose(logits)
            yield continuation.push(token, logits)
            if continuation.finish_reason is not None:
                return
            batch.append([token])

    def write_all(self, continuations: Iterable[Continuation]) -> Iterator[Continuation]:
        """Finishes texts that `start` began, many at once; yields each when it is finished.

        They are asked for as there is room for them.
        """
        if self._speculates:
            for continuation in continuations:
                for _ in self.write(continuation):
                    pass
                yield continuation
        elif self.engine.paged:
            yield from write_together(self.engine, continuations)
        else:
            coming = iter(continuations)
            while texts := list(islice(coming, AT_ONCE)):
                _write_in_step(self.engine, texts)
                yield from texts

    @property
    def _speculates(self) -> bool:
        return self._lookup or self._draft is not None

    def _drafter(self) -> Drafter:
        return PromptLookup() if self._draft is None else DraftModel(self._draft)


def _write_in_step(engine: Engine, continuations: list[Continuation]) -> None:
    """All texts grow by a token at a time, until the last is finished."""
    writing = list(continuations)
    batch = Batch(engine, [continuation.ids for continuation in writing])
    while True:
        tokens = []
        for continuation, logits in zip(writing, batch.logits, strict=True):
            tokens.append(continuation.choose(logits))
            continuation.push(tokens[-1], logits)
        places = [i for i, text in enumerate(writing) if text.finish_reason is None]
        if not places:
            return
        if len(places) < len(writing):
            writing = [writing[place] for place in places]
            batch.keep(places)
        batch.append([tokens[place] for place in places])


def load(
    model: str | os.PathLike[str] = "shakespeare",
    *,
    device: str = "auto",
    quantize: str | None = None,
    speculate: str | os.PathLike[str] | None = None,
    kernels: bool = True,
    threads: int | None = None,
) -> LanguageModel:
    """Loads a model, downloading and compiling it the first time.

    Args:
        model: a shipped checkpoint, a folder, one of OpenAI's sizes (`gpt2`, `1558M`), or a
            Hugging Face repository.
        device: `auto`, `cpu`, `gpu` or `gpu:N`.
        quantize: `f16`, `q8_0`, `q6_k` or `q4_0` for weights of 16, 8.5, 6.6 or 4.5 bits; None
            for 32.
        speculate: who drafts ahead: `lookup` (the text itself), or the name of a smaller model
            with the same vocabulary; None for nobody.
        kernels: False for MAX's own operations alone, as on a GPU: the steps as they are.
        threads: how many threads compute, in all models of this process from now on; None for as
            many as before, which at first are as many as this process may use.

    Raises:
        UserError: there is no such model or device, there are fewer cores than threads, a file is
            damaged, or the options do not go together.
        ValueError: an argument is of another type, or there is no such format.
    """
    model = checked("model", model, path)
    quantize = checked("quantize", quantize, one_of(*QUANTIZED, None))
    if speculate is not None:
        speculate = checked("speculate", speculate, path)
    if threads is not None:
        threads = checked("threads", threads, Numbers(int, 1))
    chosen_device = choose_device(checked("device", device, text))
    folder = locate(model)
    config, tokenizer = read_config(folder), Tokenizer(folder)
    tokenizer.check(config.vocab_size, folder)
    draft_folder = None
    if speculate not in (None, LOOKUP):
        draft_folder = _draft_folder(speculate, config, tokenizer)
    kernels = checked("kernels", kernels, flag)
    engine = Engine(folder, config, chosen_device, quantize, kernels=kernels, threads=threads)
    draft = draft_folder and Engine(draft_folder, read_config(draft_folder), chosen_device)
    return LanguageModel(engine, tokenizer, draft, lookup=speculate == LOOKUP)


def _draft_folder(draft: str, config: GPT2Config, tokenizer: Tokenizer) -> Path:
    """The folder of a model that may draft for one with this config and tokenizer."""
    folder = locate(draft)
    other = Tokenizer(folder)
    if other.vocabulary != tokenizer.vocabulary:
        raise UserError(
            f"{draft} cannot draft for this model: its vocabulary is another one "
            f"({other.vocab_size} tokens, not {tokenizer.vocab_size}, or others)"
        )
    vocab_size = read_config(folder).vocab_size
    if vocab_size != config.vocab_size:
        raise UserError(
            f"{draft} cannot draft for this model: it has {vocab_size} logits, "
            f"not {config.vocab_size}"
        )
    return folder
