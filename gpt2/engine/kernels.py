"""The kernels of our own, written in Mojo: compiled for this machine, called like MAX's."""

import hashlib
import shutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from max.experimental import functional as F
from max.experimental.tensor import Tensor, TensorType
from max.graph import BufferValue

from gpt2.engine.folders import cache_folder
from gpt2.engine.kept import workplace
from gpt2.engine.sources import kernel_sources

LIBRARY = "gpt2_kernels.mojoc"  # the name is written into the file, too


@dataclass(frozen=True)
class PagedCache:
    """What attention needs besides its input: keys and values, and where they are.

    Attributes:
        pages: float32 or float16 `[pages, 2, n_layer, n_head, size, head_dim]`, keys and then
            values, size a multiple of 16: written in place. Within a head of a page, the kernels
            keep keys in panels of 16 positions, and values in their natural order.
        table: int64 `[texts, most]`, the pages of each text, in the order of its tokens.
        past: int64 `[texts]`, how many tokens of each text are there; where it is below 0, so many
            of the new ones are padding, which no token sees.
        offsets: int64 `[texts + 1]`: the new tokens of all texts lie one behind the other, and
            those of a text from one offset to the next.
    """

    pages: Tensor
    table: Tensor
    past: Tensor
    offsets: Tensor

    def arguments(self) -> list[Tensor | BufferValue]:
        """As the kernels take them."""
        return [self.table, self.past, self.offsets, BufferValue(self.pages)]


def blocks(
    x: Tensor, vectors: Tensor, panels: Tensor, cache: PagedCache, epsilon: float, form: str
) -> Tensor:
    """Step 9's block, once for each layer, with a cache.

    Args:
        x: float32 `[1, rows, n_embd]`, the new tokens of all texts.
        vectors: float32 `[n_layer, 9 * n_embd + n_inner]`, in each row those of a layer, in the
            order of `formats.VECTORS`.
        panels: `[n_layer, size]`, its matrices in the order of `formats.MATRICES`.
        cache: is written into.
        epsilon: of the norms.
        form: how panels are stored, a key of `formats.FORMATS`.

    Returns:
        float32 `[1, rows, n_embd]`.
    """
    batch, sequence_length, width = x.shape
    rows = x.reshape([batch * sequence_length, width])
    (result,) = F.inplace_custom(
        "blocks",
        x.device,
        [rows, vectors, panels, *cache.arguments()],
        [TensorType(x.dtype, rows.shape, device=x.device)],
        parameters={"epsilon": epsilon, "format": form},
        custom_extensions=library(),
    )
    return result.reshape([batch, sequence_length, width])


def head(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    panels: Tensor,
    vocab_size: int,
    epsilon: float,
    form: str,
) -> Tensor:
    """norm(x) @ wte.T.

    Args:
        x: float32 `[1, rows, n_embd]`.
        weight: of the last norm, `[n_embd]`; and so bias.
        panels: of wte, `[size]`.
        vocab_size, epsilon, form: as for blocks.

    Returns:
        float32 `[1, rows, vocab_size]`.
    """
    batch, sequence_length, width = x.shape
    rows = batch * sequence_length
    (logits,) = F.custom(
        "head",
        x.device,
        [x.reshape([rows, width]), weight, bias, panels],
        [TensorType(x.dtype, [rows, vocab_size], device=x.device)],
        parameters={"epsilon": epsilon, "format": form},
        custom_extensions=library(),
    )
    return logits.reshape([batch, sequence_length, vocab_size])


@cache
def library() -> Path:
    """The compiled kernels, in a folder that names their source: MAX's cache goes by the path.

    Each process that compiles a graph, for a minute, compiles them anew, for seconds.
    """
    from mojo.run import subprocess_run_mojo

    *sources, step_20 = kernel_sources()
    content = b"".join(path.read_bytes() for path in (*sources, step_20)) + version("max").encode()
    target = cache_folder() / "kernels" / hashlib.sha256(content).hexdigest()[:16] / LIBRARY
    with workplace(target.parent) as folder:
        package, compiled = folder / "mojo", folder / LIBRARY
        package.mkdir()
        for path in sources:
            shutil.copy(path, package)
        shutil.copy(step_20, package / "solution_20.mojo")
        command = ["precompile", str(package), "-o", str(compiled)]
        outcome = subprocess_run_mojo(command, capture_output=True, text=True)
        if outcome.returncode != 0:
            errors = [line for line in outcome.stderr.splitlines() if " error: " in line]
            raise RuntimeError(errors[0] if errors else outcome.stderr)
        if target.is_dir():
            target.rename(folder / "damaged")
        return compiled.replace(target)
