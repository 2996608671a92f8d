"""From the name of a model to the folder that holds its files."""

import shlex
from pathlib import Path

from gpt2.checkpoint.shards import INDEX_FILE, WEIGHTS_FILE, weight_files
from gpt2.errors import UserError, shortened

SHIPPED = Path(__file__).parents[2] / "checkpoints"
DEFAULT_MODEL = "shakespeare"

OPENAI_REPOSITORIES = {
    "gpt2": "openai-community/gpt2",
    "gpt2-medium": "openai-community/gpt2-medium",
    "gpt2-large": "openai-community/gpt2-large",
    "gpt2-xl": "openai-community/gpt2-xl",
    "124M": "openai-community/gpt2",
    "355M": "openai-community/gpt2-medium",
    "774M": "openai-community/gpt2-large",
    "1558M": "openai-community/gpt2-xl",
}

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
VOCABULARY_FILES = ("vocab.json", "merges.txt")  # the older form of a tokenizer, in two files
PICKLED_FILE = "pytorch_model.bin"  # the older form of weights; reading one may run programs
CONVERT = (
    'uv run --group train python -c "import sys, transformers as t; '
    "[c.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2]) "
    'for c in (t.AutoModelForCausalLM, t.AutoTokenizer)]"'
)


def shipped_models() -> list[str]:
    """The names of the checkpoints in this repository."""
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{CONFIG_FILE}"))


def locate(model: str) -> Path:
    """Finds the folder with the files of a model, downloading them where need be.

    Args:
        model: the name of a shipped checkpoint, a folder, one of OpenAI's sizes (`gpt2-xl`,
            `1558M`), or a Hugging Face repository (`owner/name`).

    Raises:
        UserError: there is no such model, a file is missing, or the hub is out of reach.
    """
    try:
        return _locate(model)
    except (OSError, ValueError, RuntimeError) as error:  # no file can have such a name
        raise UserError(
            f"cannot look for a model {shortened(repr(model), 100)}: {shortened(error, 100)}"
        ) from error


def _locate(model: str) -> Path:
    if model in shipped_models():
        return SHIPPED / model
    if model in OPENAI_REPOSITORIES:
        return _from_hub(OPENAI_REPOSITORIES[model])
    folder = Path(model).expanduser()
    if model and folder.is_dir():
        return _complete(folder, model, (folder / PICKLED_FILE).is_file())
    if folder.is_file():
        raise UserError(f"{shortened(repr(model))} is a file: name the folder that it is in")
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise UserError(f"there is no folder {shortened(repr(model))}")
    if model.count("/") == 1:
        return _from_hub(model)
    raise UserError(
        f"unknown model {shortened(repr(model))}: {', '.join(shipped_models())} ship with this "
        f"repository,\n{', '.join(OPENAI_REPOSITORIES)} come from Hugging Face; a folder is named "
        "by its path (./folder), any other repository as owner/name"
    )


def _complete(folder: Path, model: str, pickled: bool) -> Path:
    """The folder of a model, if it has every file that is needed; pickled: it has a .bin."""
    missing = _missing_files(folder)
    if not missing:
        return folder
    if pickled and WEIGHTS_FILE in missing:
        raise UserError(
            f"{shortened(repr(model))} has its weights in {PICKLED_FILE}, not in {WEIGHTS_FILE}; "
            f"this writes it anew into a folder:\n{CONVERT} {shortened(shlex.quote(model))} "
            "./converted"
        )
    either = f"{TOKENIZER_FILE} (or {' and '.join(VOCABULARY_FILES)})"
    names = ", no ".join(missing).replace(TOKENIZER_FILE, either)
    raise UserError(f"{shortened(folder)} has no {shortened(names)}")


def _missing_files(folder: Path) -> list[str]:
    files = [CONFIG_FILE, *weight_files(folder)]
    if not all((folder / name).is_file() for name in VOCABULARY_FILES):
        files.append(TOKENIZER_FILE)
    return [name for name in files if not (folder / name).is_file()]


def _from_hub(repository: str) -> Path:
    """The folder in Hugging Face's cache that holds a repository's files.

    What the cache has is not asked for again, so a machine without a network works.
    """
    from httpx import HTTPError
    from huggingface_hub import file_exists, snapshot_download
    from huggingface_hub.errors import (
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    name = shortened(repr(repository))
    try:
        cached = Path(snapshot_download(repository, local_files_only=True))
        if not _missing_files(cached):
            return cached
    except LocalEntryNotFoundError:
        pass
    except HFValidationError as error:
        raise UserError(
            f"{name} cannot name a Hugging Face repository: {shortened(error)}"
        ) from error

    try:
        files = [CONFIG_FILE, WEIGHTS_FILE, INDEX_FILE, TOKENIZER_FILE]
        folder = Path(snapshot_download(repository, allow_patterns=files))
        if missing := _missing_files(folder):
            snapshot_download(repository, allow_patterns=[*missing, *VOCABULARY_FILES])
        pickled = WEIGHTS_FILE in missing and file_exists(repository, PICKLED_FILE)
        return _complete(folder, repository, pickled)
    except RepositoryNotFoundError as error:
        raise UserError(
            f"Hugging Face has no public repository {name}; "
            "a private one needs a login: hf auth login"
        ) from error
    except LocalEntryNotFoundError as error:
        raise UserError(
            f"cannot fetch {name} from Hugging Face: no network, and it is not in the "
            f"cache.\nThe shipped models need none: --model {DEFAULT_MODEL}"
        ) from error
    except (HTTPError, OSError) as error:
        reason = shortened(str(error) or type(error).__name__)
        raise UserError(f"fetching {name} from Hugging Face failed: {reason}") from error
