"""From the name of a model to the folder that holds its files."""

from pathlib import Path

from gpt2.errors import UserError

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
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
VOCABULARY_FILES = ("vocab.json", "merges.txt")  # the older form of a tokenizer, in two files


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
    if model in shipped_models():
        return _complete(SHIPPED / model)
    if model in OPENAI_REPOSITORIES:
        return _complete(_from_hub(OPENAI_REPOSITORIES[model]))
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _complete(folder)
    looks_like_path = model.startswith((".", "/", "~")) or model.count("/") > 1
    if looks_like_path or folder.exists():
        raise UserError(f"there is no folder {model!r}")
    if model.count("/") == 1:
        return _complete(_from_hub(model))
    raise UserError(
        f"unknown model {model!r}: {', '.join(shipped_models())} ship with this repository,\n"
        f"{', '.join(OPENAI_REPOSITORIES)} come from Hugging Face; a folder is named by its path "
        "(./folder), any other repository as owner/name"
    )


def _complete(folder: Path) -> Path:
    """The folder, if it has every file that a model needs."""
    has_tokenizer = _has_files(folder, TOKENIZER_FILE) or _has_files(folder, *VOCABULARY_FILES)
    missing = [name for name in (CONFIG_FILE, WEIGHTS_FILE) if not _has_files(folder, name)]
    if not has_tokenizer:
        missing.append(f"{TOKENIZER_FILE} (or {' and '.join(VOCABULARY_FILES)})")
    if missing:
        raise UserError(f"{folder} has no {', no '.join(missing)}")
    return folder


def _has_files(folder: Path, *names: str) -> bool:
    return all((folder / name).is_file() for name in names)


def _from_hub(repository: str) -> Path:
    """The folder in Hugging Face's cache that holds a repository's files.

    What the cache has is not asked for again, so a machine without a network works.
    """
    from httpx import HTTPError
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    files = [CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE]
    try:
        cached = Path(snapshot_download(repository, local_files_only=True))
        return _complete(cached)
    except (LocalEntryNotFoundError, UserError):
        pass  # not there, or not all of it
    except HFValidationError as error:
        raise UserError(f"{repository!r} cannot name a Hugging Face repository: {error}") from error

    try:
        folder = Path(snapshot_download(repository, allow_patterns=files))
        if not _has_files(folder, TOKENIZER_FILE):
            snapshot_download(repository, allow_patterns=list(VOCABULARY_FILES))
        return folder
    except RepositoryNotFoundError as error:
        raise UserError(
            f"Hugging Face has no public repository {repository!r}; "
            "a private one needs a login: hf auth login"
        ) from error
    except LocalEntryNotFoundError as error:
        raise UserError(
            f"cannot fetch {repository!r} from Hugging Face: no network, and it is not in the "
            f"cache.\nThe shipped models need none: --model {DEFAULT_MODEL}"
        ) from error
    except (HTTPError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"fetching {repository!r} from Hugging Face failed: {reason}") from error
