"""The kernels of our own, written in Mojo: compiled once per machine, called like MAX's."""

import hashlib
import tempfile
from importlib.metadata import version
from pathlib import Path

from max.experimental import functional as F
from max.experimental.tensor import Tensor, TensorType

from gpt2.engine.folders import cache_folder

SOURCE = Path(__file__).parent / "mojo"
LIBRARY = "gpt2_kernels.mojoc"  # the name is written into the file, too


def few_rows_matmul(x: Tensor, weight: Tensor) -> Tensor:
    """What `x @ weight.T` is, faster where x has few rows; on the CPU only.

    Args:
        x: float32 `[batch, seq, k]`.
        weight: float32 `[n, k]`.

    Returns:
        float32 `[batch, seq, n]`.
    """
    batch, sequence_length, k = x.shape
    n = weight.shape[0]
    rows = x.reshape([batch * sequence_length, k])
    product_type = TensorType(x.dtype, [rows.shape[0], n], device=x.device)
    (product,) = F.custom(
        "few_rows_matmul", x.device, [rows, weight], [product_type], custom_extensions=library()
    )
    return product.reshape([batch, sequence_length, n])


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
