"""The decoder's graph: compiled once per machine, kept in a file, loaded in milliseconds.

MAX keeps what it compiled, too, but asks for the whole graph to be traced before it looks for
it. A file of our own needs neither that nor the modules that trace: a start takes a second less.
"""

import hashlib
import json
import os
import platform
import shutil
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

from max.driver import Buffer, Device, set_virtual_cpu_target

from gpt2.engine.folders import cache_folder, unusable
from gpt2.engine.kept import kept_file
from gpt2.engine.sources import decoder_sources
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config

PROCESSOR = "GPT2_PROCESSOR"  # a name of LLVM's, to compile for another one than this machine's
LITTLE_DISK = 200e6  # bytes; compiling fills some tens of megabytes


def compiled_decoder(config: GPT2Config, layout: str, device: Device) -> Path:
    """The file with the graph of a decoder; compiles it first, if need be, for a minute or two.

    Args:
        config: the model's sizes.
        layout: how the weights are kept, as for decoder.make_decoder.
        device: where it is to run.

    Raises:
        UserError: it cannot be compiled here, or not be kept.
    """
    folder = cache_folder() / "decoders"
    make = partial(_compile_into, config=config, layout=layout, device=device)
    try:
        return kept_file(folder, _fingerprint(config, layout, device), make)
    except (OSError, RuntimeError, ValueError) as error:
        raise _explained(error, folder) from error


def reason(error: BaseException) -> str:
    """What MAX has to say: the last line of the first error in a chain of them."""
    while error.__cause__:
        error = error.__cause__
    return (str(error).strip() or type(error).__name__).splitlines()[-1]


def _explained(error: Exception, folder: Path) -> UserError:
    free = shutil.disk_usage(folder.parent).free
    if free < LITTLE_DISK:
        return UserError(
            f"the disk of {folder} is full: {free / 1e6:.0f} MB are too few to compile the engine\n"
            "make room, or set MODULAR_CACHE_DIR to a folder on another disk"
        )
    if isinstance(error, OSError):
        return unusable(folder, error)
    why = reason(error)
    damaged = ".max_cache" in why  # a file of MAX's own cache, which MAX does not mend
    advice = "delete that file" if damaged else "`gpt2 doctor` looks for the cause"
    return UserError(f"the engine could not be compiled: {why}\n{advice}")


def _fingerprint(config: GPT2Config, layout: str, device: Device) -> str:
    """Names everything that the compiled graph depends on."""
    digest = hashlib.sha256()
    for path in decoder_sources():
        digest.update(path.read_bytes())
    machine = [version("max"), platform.machine(), _processor(), str(device), device.api]
    digest.update(json.dumps([asdict(config), layout, *machine]).encode())
    return digest.hexdigest()[:16]


def _processor() -> str:
    """What instructions this machine's processor has: a home folder may serve several."""
    if PROCESSOR in os.environ:
        return os.environ[PROCESSOR]
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _compile_into(path: Path, config: GPT2Config, layout: str, device: Device) -> None:
    import gpt2.runtime  # noqa: F401  (before what traces graphs)
    from gpt2.checkpoint.model import empty_model
    from gpt2.engine.decoder import input_types, make_decoder
    from gpt2.engine.kernels import library

    decoder = empty_model(config, device, partial(make_decoder, layout=layout))
    # Compiling wants weights, but looks at their shapes only.
    weights = {
        name: Buffer.zeros(tuple(map(int, parameter.shape)), parameter.dtype)
        for name, parameter in decoder.parameters
    }
    types = input_types(config, layout, device)
    set_virtual_cpu_target(os.environ.get(PROCESSOR, ""))
    compiled = decoder.compile(*types, weights=weights, custom_extensions=[library()])
    compiled.export_mef(path)
