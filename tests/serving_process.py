"""The server as a user starts it, for the tests that ask it."""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from conftest import NO_HUB

STARTS = 300  # seconds; some 10 where everything is compiled and nobody else computes
ENDS = 5


@dataclass
class Serving:
    """A server that runs.

    Attributes:
        process: the one that answers.
        errors: what it wrote to standard error, a file.
        address: where it listens.
    """

    process: subprocess.Popen
    errors: Path
    address: str = ""

    @property
    def told(self) -> str:
        return self.errors.read_text(encoding="utf-8")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def worker(self) -> psutil.Process:
        """The model's process."""
        [worker] = filter(is_model, self.children())
        return worker

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def texts(self) -> int:
        """How many texts are written, or wait."""
        metrics = httpx.get(f"{self.address}/metrics").text
        return int(float(re.search(r"^gpt2_texts (\S+)$", metrics, re.MULTILINE)[1]))

    def complete(self, **fields: object) -> dict:
        """What is answered to a request, which is to be right."""
        answer = self.post(**fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, **fields: object) -> httpx.Response:
        body = {"model": "shakespeare", "prompt": "ROMEO:", "temperature": 0} | fields
        return httpx.post(f"{self.address}/v1/completions", json=body, timeout=60)


def is_model(process: psutil.Process) -> bool:
    """Whether it is the one with the model; one that has ended is not."""
    with contextlib.suppress(psutil.Error):
        return "spawn_main" in " ".join(process.cmdline())
    return False


def launched(folder: Path, *arguments: str, **environment: str) -> Serving:
    """Starts a server, in a group of processes of its own, as a terminal does."""
    errors = folder / "errors.txt"
    command = [sys.executable, "-m", "commands", "serve", "--port", "0", *arguments]
    with errors.open("wb") as written:
        process = subprocess.Popen(
            command,
            env=os.environ | NO_HUB | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=written,
            start_new_session=True,
        )
    return Serving(process, errors)


@contextlib.contextmanager
def started(folder: Path, *arguments: str, **environment: str) -> Iterator[Serving]:
    """A server that can be asked; what is left of it at the end is killed."""
    serving = launched(folder, *arguments, **environment)
    try:
        wait_until(lambda: "curl" in serving.told or serving.process.poll() is not None, STARTS)
        address = re.search(r"served at (http://\S+?),", serving.told)
        assert address, serving.told
        serving.address = address[1]
        yield serving
    finally:
        kill(serving)


def kill(serving: Serving) -> None:
    """Ends whatever there is of it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in serving.children():
            child.kill()
    serving.process.kill()
    serving.process.wait()


def awaited(coroutine: Coroutine):
    """What it returns. In a thread of its own: where a browser is open, this one has a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def wait_until(holds, seconds: float = 10) -> None:
    """Waits until something holds; fails if it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Serving]:
    """A server of the shipped model that the tests share. It writes a log."""
    with started(tmp_path_factory.mktemp("serving"), "--log") as serving:
        yield serving
