"""Asking a server, with `max benchmark`: it plays clients, and measures what they wait for."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.contestant_process import PATIENCE, ROOT, MeasuringFailed, how_it_ended, last_line

GENERATOR = f"max benchmark {version('max')}"
OPTIONS = (
    # A MAX server's own metrics, prompts ahead of the measured ones, and cold or idle requests
    # that are not counted: nothing that would be done to one server and not to the other.
    *("--backend", "vllm", "--endpoint", "/v1/completions", "--temperature", "0"),
    *("--no-flush-prefix-cache", "--skip-test-prompt"),
    *("--skip-first-n-requests", "0", "--skip-last-n-requests", "0"),
    *("--no-collect-gpu-stats", "--no-collect-cpu-stats", "--no-collect-server-stats"),
    *("--disable-tqdm", "--always-save-result", "--max-benchmark-duration-s", str(PATIENCE)),
    # Servers count tokens; a text, cut into tokens again, has other ones.
    *("--extra-body", json.dumps({"stream_options": {"include_usage": True}})),
)


@dataclass(frozen=True)
class Load:
    """So many requests, and how many of them at once; each is answered by so many tokens."""

    prompts: list[str]
    prompt_tokens: int
    new_tokens: int
    at_once: int


@dataclass(frozen=True)
class Met:
    """What clients met.

    Attributes:
        throughput: output tokens per second, of all together.
        first: seconds to the first token, the median.
        first_99: the same, the 99th percentile.
        following: seconds per token behind the first, the median of the requests.
        failed: how many requests were not answered.
        generator: how many cores the generator itself kept busy.
    """

    throughput: float
    first: float
    first_99: float
    following: float
    failed: int
    generator: float


def parse(result: dict[str, Any], load: Load, processor_time: float) -> Met:
    """What the generator wrote, in our words.

    Args:
        result: its JSON.
        load: what it was to ask.
        processor_time: seconds that it took itself.

    Raises:
        MeasuringFailed: nobody was answered, or by more or fewer tokens than asked for.
    """
    answered, wanted = result["completed"], len(load.prompts)
    if answered == 0:
        raise MeasuringFailed(f"all {wanted} requests failed")
    for what, each in (("input", load.prompt_tokens), ("output", load.new_tokens)):
        found = result[f"total_{what}_tokens"]
        if found != answered * each:
            raise MeasuringFailed(f"{found} {what} tokens of {answered} requests, not {each} each")
    return Met(
        throughput=result["total_output_tokens"] / result["duration"],
        first=result["median_ttft_ms"] / 1000,
        first_99=result["p99_ttft_ms"] / 1000,
        following=result["median_tpot_ms"] / 1000,
        failed=wanted - answered,
        generator=processor_time / result["duration"],
    )


class LoadGenerator:
    """The generator's process, which waits between two runs."""

    def __init__(self, folder: Path) -> None:
        """Starts it; folder: the model's, by whose vocabulary it counts."""
        self._folder = folder
        self._prompts, self._result = folder / "prompts.json", folder / "result.json"
        self._log = folder / "load.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.serving.load_main"],
                env=os.environ | {"HF_HUB_OFFLINE": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                text=True,
                process_group=0,  # Ctrl-C is not its end, but this program's
            )

    def run(self, address: str, load: Load) -> Met:
        """Asks the server at an address.

        Raises:
            MeasuringFailed: it, or the generator, does not do what it should.
        """
        # Axolotl's form of a data set is the one that it takes prompts from as they are.
        texts = [{"segments": [{"label": False, "text": prompt}]} for prompt in load.prompts]
        self._prompts.write_text(json.dumps(texts), encoding="utf-8")
        self._result.unlink(missing_ok=True)
        options = {
            "--base-url": address,
            "--model": self._folder.name,
            "--tokenizer": self._folder,
            "--dataset-name": "axolotl",
            "--dataset-path": self._prompts,
            "--num-prompts": len(load.prompts),
            "--output-lengths": load.new_tokens,
            "--max-concurrency": load.at_once,
            "--result-filename": self._result,
            "--log-dir": self._folder / "load",
        }
        processor_time = self._ask([*OPTIONS, *(str(w) for pair in options.items() for w in pair)])
        if not self._result.is_file():
            raise MeasuringFailed(f"the load generator{last_line(self._log.read_bytes())}")
        return parse(json.loads(self._result.read_bytes()), load, processor_time)

    def _ask(self, arguments: list[str]) -> float:
        try:
            self._process.stdin.write(json.dumps(arguments) + "\n")
            self._process.stdin.flush()
            return float(self._process.stdout.readline())
        except (OSError, ValueError):
            how = how_it_ended(self._process.wait()) + last_line(self._log.read_bytes())
            raise MeasuringFailed(f"the load generator {how}") from None

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()
