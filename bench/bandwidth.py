"""How fast this machine reads memory: runs bandwidth.mojo."""

import subprocess
from collections.abc import Callable
from pathlib import Path


def build_bandwidth_meter(folder: Path) -> Callable[[], float]:
    """Compiles bandwidth.mojo, and returns a function that runs it."""
    run = build_meter("bandwidth.mojo", folder)
    return lambda: float(run())


def build_meter(name: str, folder: Path, *options: str) -> Callable[[], str]:
    """Compiles a program of this package's, and returns a function that runs it: what it prints."""
    from mojo.run import subprocess_run_mojo

    source = Path(__file__).with_name(name)
    program = folder / source.stem
    command = ["build", *options, str(source), "-o", str(program)]
    subprocess_run_mojo(command, check=True, capture_output=True)

    def run() -> str:
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout

    return run
