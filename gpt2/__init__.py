"""Running the model of `solutions/`: checkpoints, engine, texts.

In Python:

    from gpt2 import load

    model = load("shakespeare")
    for piece in model.stream("ROMEO:", temperature=0.8):
        print(piece, end="", flush=True)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpt2.language_model import load as load

__all__ = ["load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Imports the engine when it is first asked for: most commands do without."""
    if name == "load":
        from gpt2.language_model import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
