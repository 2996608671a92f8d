"""The kernels of our own, written in Mojo: compiled for this machine, called like MAX's."""

import hashlib
import shutil
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor, TensorType
from max.graph import BufferValue

from gpt2.engine.folders import cache_folder
from gpt2.engine.kept import workplace
from gpt2.engine.sources import kernel_sources
from solutions.solution_03 import LayerNorm
from solutions.solution_09 import GPT2Block

LIBRARY = "gpt2_kernels.mojoc"  # the name is written into the file, too


@dataclass(frozen=True)
class PagedCache:
    """What one layer's attention needs besides its input: keys and values, and where they are.

    Attributes:
        layer: int64 `[1]`, which one.
        pages: float32 `[pages, 2, n_layer, n_head, size, head_dim]`, keys and then values, size a
            multiple of 16: written in place. Within a head of a page, the kernels keep keys in
            panels of 16 positions, and values in their natural order.
        table: int64 `[texts, most]`, the pages of each text, in the order of its tokens.
        past: int64 `[texts]`, how many tokens of each text are there; where it is below 0, so many
            of the new ones are padding, which no token sees.
        offsets: int64 `[texts + 1]`: the new tokens of all texts lie one behind the other, and
            those of a text from one offset to the next.
    """

    layer: Tensor
    pages: Tensor
    table: Tensor
    past: Tensor
    offsets: Tensor

    def arguments(self) -> list[Tensor | BufferValue]:
        """As the kernels take them."""
        return [self.layer, self.table, self.past, self.offsets, BufferValue(self.pages)]


def block(parameters: GPT2Block, x: Tensor, cache: PagedCache) -> Tensor:
    """Step 9's block with a cache.

    Args:
        parameters: a block whose linear layers are Panels or Q4_0Panels of `gpt2.engine.fused`.
        x: float32 `[1, rows, n_embd]`, the new tokens of all texts.
        cache: is written into.

    Returns:
        float32 `[1, rows, n_embd]`.
    """
    batch, sequence_length, width = x.shape
    rows = x.reshape([batch * sequence_length, width])
    attn, mlp = parameters.attn, parameters.mlp
    layers = (parameters.ln_1, attn.c_attn, attn.c_proj, parameters.ln_2, mlp.c_fc, mlp.c_proj)
    weights = [tensor for layer in layers for tensor in (layer.weight, layer.bias)]
    (result,) = F.inplace_custom(
        "block",
        x.device,
        [rows, *weights, *cache.arguments()],
        [TensorType(x.dtype, rows.shape, device=x.device)],
        parameters={"epsilon": parameters.ln_1.eps},
        custom_extensions=library(),
    )
    return result.reshape([batch, sequence_length, width])


def head(x: Tensor, norm: LayerNorm, panels: Module) -> Tensor:
    """norm(x) @ weight.T.

    Args:
        x: float32 `[batch, seq, n_embd]`.
        norm: the last one.
        panels: Panels or Q4_0Panels of `gpt2.engine.fused`, with vocab_size outputs.

    Returns:
        float32 `[batch, seq, vocab_size]`.
    """
    batch, sequence_length, width = x.shape
    rows, vocab_size = batch * sequence_length, panels.bias.shape[0]
    (logits,) = F.custom(
        "head",
        x.device,
        [x.reshape([rows, width]), norm.weight, norm.bias, panels.weight, panels.bias],
        [TensorType(x.dtype, [rows, vocab_size], device=x.device)],
        parameters={"epsilon": norm.eps},
        custom_extensions=library(),
    )
    return logits.reshape([batch, sequence_length, vocab_size])


def cached_attention(qkv: Tensor, cache: PagedCache) -> Tensor:
    """Writes new keys and values into the cache and attends to all that are there.

    Args:
        qkv: float32 `[1, rows, 3 * n_embd]`: queries, keys and values of the new tokens.
        cache: is written into.

    Returns:
        float32 `[1, rows, n_embd]`.
    """
    batch, sequence_length, width = qkv.shape
    (mixed,) = F.inplace_custom(
        "cached_attention",
        qkv.device,
        [qkv, *cache.arguments()],
        [TensorType(qkv.dtype, [batch, sequence_length, width // 3], device=qkv.device)],
        custom_extensions=library(),
    )
    return mixed


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
