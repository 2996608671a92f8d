"""How fast this machine reads memory: runs bandwidth.mojo."""

import subprocess
from collections.abc import Callable
from pathlib import Path


def build_bandwidth_meter(folder: Path) -> Callable[[], float]:
    """Compiles bandwidth.mojo, and returns a function that runs it."""
    from mojo.run import subprocess_run_mojo

    program = folder / "bandwidth"
    source = Path(__file__).with_name("bandwidth.mojo")
    command = ["build", str(source), "-o", str(program)]
    subprocess_run_mojo(command, check=True, capture_output=True)

    def run() -> float:
        return float(subprocess.run([program], check=True, capture_output=True, text=True).stdout)

    return run
