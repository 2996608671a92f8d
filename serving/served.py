"""What is served, as both processes know it, and how the model's process begins.

Imports nothing that imports a step: with `--steps`, the reader's are put in their places first.
"""

import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from gpt2.errors import UserError

if TYPE_CHECKING:
    from max.pipelines.lib import PipelineConfig

    from serving.pipeline import GPT2Pipeline


@dataclass(frozen=True)
class Served:
    """What is served.

    Attributes:
        folder: the checkpoint.
        name: what clients call it.
        quantize: as for `gpt2.load`.
        device: the name of a device, as for `gpt2.load`.
        pages: how many pages of keys and values there are.
        batch: how many texts a step has, at most.
        steps: which of the reader's own steps run, or None for the engine.
    """

    folder: Path
    name: str
    quantize: str | None
    device: str
    pages: int
    batch: int
    steps: frozenset[int] | None = None


def make_pipeline(served: Served, pipeline_config: "PipelineConfig") -> "GPT2Pipeline":
    """What MAX calls in the model's process. A mistake of the user's is told, and ends it."""
    Thread(target=_end_with_server, daemon=True).start()
    try:
        if served.steps is not None:
            from course.own_steps import put_in_place

            put_in_place(served.steps)
        from serving.pipeline import GPT2Pipeline

        return GPT2Pipeline(served, pipeline_config)
    except UserError as error:
        print(f"gpt2: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def _end_with_server() -> None:
    """Ends the model's process when the server's has gone, even if that was killed."""
    if (server := multiprocessing.parent_process()) is not None:
        server.join()
        os._exit(1)
