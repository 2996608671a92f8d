"""The kernels of our own, written in Mojo: compiled once per machine, called like MAX's."""

import hashlib
import tempfile
from importlib.metadata import version
from pathlib import Path

from max.experimental import functional as F
from max.experimental.tensor import Tensor, TensorType
from max.graph import BufferValue

from gpt2.engine.folders import cache_folder

SOURCE = Path(__file__).parent / "mojo"
LIBRARY = "gpt2_kernels.mojoc"  # the name is written into the file, too


def packed_linear(
    x: Tensor, panels: Tensor, bias: Tensor, *, kernel: str = "packed_linear"
) -> Tensor:
    """x @ weight.T + bias, where the weight lies in panels of 16 outputs.

    Args:
        x: float32 `[batch, seq, k]`.
        panels: float32 `[n / 16 rounded up, k, 16]`, as `packing.pack` makes them, or what else
            the kernel takes.
        bias: float32 `[n]`.
        kernel: the name of the kernel.

    Returns:
        float32 `[batch, seq, n]`.
    """
    batch, sequence_length, k = x.shape
    n = bias.shape[0]
    rows = x.reshape([batch * sequence_length, k])
    (product,) = F.custom(
        kernel,
        x.device,
        [rows, panels, bias],
        [TensorType(x.dtype, [rows.shape[0], n], device=x.device)],
        custom_extensions=library(),
    )
    return product.reshape([batch, sequence_length, n])


def cached_attention(qkv: Tensor, mask: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Writes new keys and values into the cache and attends to all that are there.

    Args:
        qkv: float32 `[batch, seq, 3 * n_embd]`: queries, keys and values of the new tokens.
        mask: float32 `[batch, 1, seq, total]`, added to the scores.
        keys: float32 `[batch, n_head, capacity, head_dim]`, capacity a multiple of 16: written
            in place. Within a head, the kernel keeps them in panels of 16 positions.
        values: as keys, in their natural order.

    Returns:
        float32 `[batch, seq, n_embd]`.
    """
    batch, sequence_length, width = qkv.shape
    (mixed,) = F.inplace_custom(
        "cached_attention",
        qkv.device,
        [qkv, mask, BufferValue(keys), BufferValue(values)],
        [TensorType(qkv.dtype, [batch, sequence_length, width // 3], device=qkv.device)],
        custom_extensions=library(),
    )
    return mixed


def library() -> Path:
    """The compiled kernels: kept beside MAX's own cache, in a folder that names their source."""
    sources = sorted(SOURCE.glob("*.mojo"))
    content = b"".join(path.read_bytes() for path in sources) + version("max").encode()
    target = cache_folder() / "kernels" / hashlib.sha256(content).hexdigest()[:16] / LIBRARY
    if not target.is_file():
        _compile(target)
    return target


def _compile(target: Path) -> None:
    from mojo.run import subprocess_run_mojo

    target.parent.mkdir(parents=True, exist_ok=True)
    # Two processes may do this at once: each has a folder of its own, and the last file stays.
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        compiled = Path(folder) / LIBRARY
        command = ["precompile", str(SOURCE), "-o", str(compiled)]
        outcome = subprocess_run_mojo(command, capture_output=True, text=True)
        if outcome.returncode != 0:
            raise RuntimeError(f"{SOURCE} did not compile: {outcome.stderr}")
        compiled.replace(target)
