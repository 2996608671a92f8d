"""Who takes part, and how each is started.

A contestant continues texts greedily: `stream(ids, count)` yields tokens one at a time, as they
are found, and `stream_batch(prompts, count)` does so for prompts of one length, a list of tokens
at a time. `sample(ids, count)` is as `stream`, but draws by SAMPLING. It may keep what it needs
between two calls, but nothing of the text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol


class Contestant(Protocol):
    """What takes part."""

    def stream(self, ids: list[int], count: int) -> Iterator[int]: ...


@dataclass(frozen=True)
class Entry:
    """How a contestant is named and started.

    Attributes:
        name: as the table shows it.
        module: where it is; from a dot on, in this package.
        start: the class or function in it that takes a folder and the arguments.
        arguments: which form.
        packages: what has to be installed.
        exact: computes in float32, so its tokens have to be those of all who do.
        batches: has stream_batch, and takes a step for each token.
        slow: recomputes everything for each token, and is measured with fewer.
        bits: of a weight, as it is read for each token.
    """

    name: str
    module: str
    start: str
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    exact: bool = False
    batches: bool = True
    slow: bool = False
    bits: float = 32

    @property
    def samples(self) -> bool:
        """Whether it has `sample`, its own as fast as its makers have it."""
        return self.start in ("ThisEngine", "LlamaCpp")

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [package for package in self.packages if installed_version(package) is None]

    @property
    def versions(self) -> dict[str, str | None]:
        return {package: installed_version(package) for package in self.packages}

    def load(self, folder: Path) -> Contestant:
        """Starts the contestant with the weights in a folder, which it may convert there."""
        start: Callable[..., Contestant] = getattr(
            import_module(self.module, __package__), self.start
        )
        return start(folder, *self.arguments)


def installed_version(package: str) -> str | None:
    """None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


SAMPLING = {"temperature": 0.8, "top_p": 0.95}

TORCH = ("transformers", "torch")
LLAMA = ("llama-cpp-python", "gguf")

CTRANSLATE = ("ctranslate2",)
ENGINE = "this engine, float32"
ENGINE_F16 = "this engine, f16"
ENGINE_Q8 = "this engine, q8_0"
ENGINE_Q6 = "this engine, q6_k"
ENGINE_Q4 = "this engine, q4_0"
LOOKUP = "this engine, lookup"

ENTRIES = (
    Entry(ENGINE, ".engine", "ThisEngine", exact=True),
    Entry(LOOKUP, ".engine", "GuessingEngine", batches=False),
    Entry(ENGINE_F16, ".engine", "ThisEngine", ("f16",), bits=16),
    Entry(ENGINE_Q8, ".engine", "ThisEngine", ("q8_0",), bits=8.5),
    Entry(ENGINE_Q6, ".engine", "ThisEngine", ("q6_k",), bits=6.5625),
    Entry(ENGINE_Q4, ".engine", "ThisEngine", ("q4_0",), bits=4.5),
    Entry("llama.cpp F32", ".llama_cpp", "LlamaCpp", ("F32",), LLAMA, exact=True),
    Entry("llama.cpp F16", ".llama_cpp", "LlamaCpp", ("F16",), LLAMA, bits=16),
    Entry("llama.cpp Q8_0", ".llama_cpp", "LlamaCpp", ("Q8_0",), LLAMA, bits=8.5),
    Entry("llama.cpp Q6_K", ".llama_cpp", "LlamaCpp", ("Q6_K",), LLAMA, bits=6.5625),
    Entry("llama.cpp Q4_0", ".llama_cpp", "LlamaCpp", ("Q4_0",), LLAMA, bits=4.5),
    Entry("CTranslate2 float32", ".ctranslate", "CTranslate", ("float32",), CTRANSLATE, exact=True),
    Entry("CTranslate2 int8", ".ctranslate", "CTranslate", ("int8",), CTRANSLATE, bits=8),
    Entry("transformers float32", ".transformers", "Transformers", ("float32",), TORCH, exact=True),
    Entry("transformers bfloat16", ".transformers", "Transformers", ("bfloat16",), TORCH, bits=16),
    Entry("step 12's loop", ".tutorial", "Tutorial", exact=True, batches=False, slow=True),
    Entry("NumPy, no cache", ".numpy_loop", "NumPyLoop", exact=True, batches=False, slow=True),
)
