"""The decoder's graph: compiled once per machine, kept in a file, loaded in milliseconds.

MAX keeps what it compiled, too, but asks for the whole graph to be traced before it looks for
it. A file of our own needs neither that nor the modules that trace: a start takes a second less.
"""

import hashlib
import json
import platform
import tempfile
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from max.driver import Device

from gpt2.engine.folders import cache_folder
from gpt2.errors import UserError
from solutions.solution_01 import GPT2Config

GRAPH_FILE = "decoder.mef"

ENGINE = Path(__file__).parent
MODULES = ("attention", "decoder", "embedding", "layouts", "fused", "kernels")
# What decides about the graph: when any of it changes, another graph is compiled.
SOURCES = [
    *(ENGINE / f"{name}.py" for name in MODULES),
    *sorted((ENGINE / "mojo").glob("*.mojo")),
    *sorted((ENGINE.parents[1] / "solutions").glob("*.py")),
]


def compiled_decoder(config: GPT2Config, layout: str, device: Device) -> Path:
    """The file with the graph of a decoder; compiles it first, if need be, for a minute or two.

    Args:
        config: the model's sizes.
        layout: how the weights are kept, a key of layouts.LAYOUTS.
        device: where it is to run.

    Raises:
        UserError: it cannot be compiled here.
    """
    folder = cache_folder() / "decoders" / _fingerprint(config, layout, device)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Filled under another name, so that nobody ever finds half a folder.
        with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
            filled = Path(unfinished) / "filled"
            filled.mkdir()
            try:
                _compile_into(filled, config, layout, device)
            except (RuntimeError, ValueError) as error:
                raise UserError(
                    f"the engine could not be compiled: {str(error).strip().splitlines()[-1]}\n"
                    "`gpt2 doctor` looks for the cause; `--engine tutorial` may work meanwhile"
                ) from error
            if not folder.is_dir():  # another process may have been faster
                filled.rename(folder)
    return folder / GRAPH_FILE


def _fingerprint(config: GPT2Config, layout: str, device: Device) -> str:
    """Names everything that the compiled graph depends on."""
    digest = hashlib.sha256()
    for path in SOURCES:
        digest.update(path.read_bytes())
    machine = [version("max"), platform.machine(), _processor(), str(device), device.api]
    digest.update(json.dumps([asdict(config), layout, *machine]).encode())
    return digest.hexdigest()[:16]


def _processor() -> str:
    """What instructions this machine's processor has: a home folder may serve several."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _compile_into(folder: Path, config: GPT2Config, layout: str, device: Device) -> None:
    import gpt2.runtime  # noqa: F401  (before what traces graphs)
    from gpt2.checkpoint.model import empty_model
    from gpt2.engine.decoder import Decoder, input_types
    from gpt2.engine.kernels import library
    from gpt2.engine.layouts import LAYOUTS

    decoder = empty_model(config, device, partial(Decoder, layout=LAYOUTS[layout]))
    # Compiling wants weights, but looks at their shapes only.
    weights = {
        name: np.zeros(tuple(map(int, parameter.shape)), parameter.dtype.to_numpy())
        for name, parameter in decoder.parameters
    }
    types = input_types(config, device)
    compiled = decoder.compile(*types, weights=weights, custom_extensions=[library()])
    compiled.export_mef(folder / GRAPH_FILE)
