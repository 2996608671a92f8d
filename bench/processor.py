"""Which processor figures are of, since a lead on one may be none on another."""

import os
import platform
import subprocess
from pathlib import Path

from gpt2.engine.graph import PROCESSOR


def processor() -> str:
    """Its name, and where GPT2_PROCESSOR is set, which one this engine is compiled for."""
    name = _name() or platform.machine()
    return f"{name}, compiled for {os.environ[PROCESSOR]}" if PROCESSOR in os.environ else name


def _name() -> str:
    """As the system calls it; on Linux, only x86 has a name there."""
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "")
