"""What decides about a compiled graph: the files that the decoder is made of."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MATRIX_KERNEL = "solutions.solution_20"  # Mojo, the only one that is no Python

# Solutions, by the names of their modules, in whose place a reader's files have been put.
replaced: dict[str, Path] = {}


def decoder_sources() -> list[Path]:
    """All of them: when any of these changes, another graph is compiled."""
    return sorted({*imported_files("gpt2.engine.decoder"), *kernel_sources()})


def kernel_sources() -> list[Path]:
    """The files of our kernels, and step 20, of which they make use."""
    step_20 = replaced.get(MATRIX_KERNEL, ROOT / "solutions" / "solution_20.mojo")
    return [*sorted((Path(__file__).parent / "mojo").glob("*.mojo")), step_20]


def imported_files(module: str, root: Path = ROOT) -> set[Path]:
    """The files below root of a module, as `gpt2.engine.decoder`, and of all that it imports.

    They are read, not run, which takes milliseconds.
    """
    names, files = [module], set()
    while names:
        name = names.pop()
        path = replaced.get(name) or root.joinpath(*name.split(".")).with_suffix(".py")
        if path not in files and path.is_file():
            files.add(path)
            names += _imports(ast.parse(path.read_bytes()))
    return files


def _imports(tree: ast.Module) -> Iterator[str]:
    """What could be the name of a module among what is imported, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
