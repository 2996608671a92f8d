"""What MAX's server has to know of GPT-2, and of this checkpoint."""

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Self

import psutil
from max.driver import DeviceSpec
from max.graph.weights import WeightsFormat
from max.pipelines import PIPELINE_REGISTRY
from max.pipelines.lib import MemoryPlan, PipelineArgs, PipelineConfig, SupportedArchitecture
from max.pipelines.lib.interfaces.arch_config import ArchConfigWithBoundedMaxSeqLen
from max.pipelines.modeling.types import PipelineTask
from max.serve.config import Settings
from max.serve.pipelines.model_worker import start_model_worker
from max.serve.telemetry.metrics import NoopClient
from max.serve.worker_interface._zmq_queue import generate_zmq_ipc_path
from max.serve.worker_interface.zmq_interface import ZmqModelWorkerProxy

from gpt2.engine.formats import cache_dtype
from serving.queues import PatientInterface
from serving.readers import PAGE_SIZE
from serving.request import Request
from serving.served import Served, make_pipeline
from solutions.solution_01 import GPT2Config
from solutions.solution_11 import GPT2LMHeadModel

NAME = "GPT2LMHeadModel"
SHARE = 8  # at most, keys and values have one of so many parts of the memory
STEP_TOKENS = 512  # of prompts, in one step: what is being written waits for no more than these


@dataclass
class GPT2ServingConfig(ArchConfigWithBoundedMaxSeqLen):
    """The one size that MAX plans with."""

    max_seq_len: int

    @classmethod
    def initialize(
        cls, pipeline_config: PipelineConfig, model_config: object = None, *, max_seq_len: int
    ) -> Self:
        """Called by MAX."""
        return cls(max_seq_len)


def no_tokenizer(**_: object) -> None:
    """Text stays in the server's process, whose tokenizer is this project's."""


# ANCHOR: architecture
gpt2_architecture = SupportedArchitecture(
    name=NAME,
    task=PipelineTask.TEXT_GENERATION,
    example_repo_ids=["openai-community/gpt2"],
    default_encoding="float32",
    supported_encodings={"float32"},
    default_weights_format=WeightsFormat.safetensors,
    config=GPT2ServingConfig,
    pipeline_model=GPT2LMHeadModel,
    context_type=Request,
    tokenizer=no_tokenizer,
    supports_overlap_scheduler=False,
    supports_device_graph_capture=False,
)
# ANCHOR_END: architecture


def page_count(config: GPT2Config, batch: int, layout: str) -> int:
    """How many of MAX's pages there should be: for so many texts of full length, if they fit."""
    page = (
        cache_dtype(layout).size_in_bytes * 2 * config.n_layer * config.n_embd * PAGE_SIZE
    )  # bytes
    memory = psutil.virtual_memory().total
    each = -(-config.n_positions // PAGE_SIZE)
    return 1 + max(each, min(batch * each, memory // SHARE // page))  # one is MAX's own


@asynccontextmanager
async def model_process(
    served: Served, config: GPT2Config, settings: Settings
) -> AsyncIterator[ZmqModelWorkerProxy]:
    """MAX's process for a model: its scheduler, its pages, and the engine in it.

    Args:
        served: what is served.
        config: the model's sizes.
        settings: MAX's, of its server.
    """
    with tempfile.TemporaryDirectory() as folder:
        pipeline_config = _pipeline_config(served, config, Path(folder))
        plan = MemoryPlan(
            planned_max_batch_size=served.batch,
            footprint=0,
            planned_max_length=config.n_positions,
            device_specs=(DeviceSpec.cpu(),),
        )
        async with start_model_worker(
            partial(make_pipeline, served, pipeline_config),
            pipeline_config,
            settings,
            NoopClient(),
            PatientInterface(PipelineTask.TEXT_GENERATION, Request),
            generate_zmq_ipc_path(),
            plan,
        ) as proxy:
            yield proxy


def _pipeline_config(served: Served, config: GPT2Config, folder: Path) -> PipelineConfig:
    """What MAX's scheduler goes by.

    MAX knows a model by the config.json and the weights in its folder, and asks for fields that
    older checkpoints lack; it gets a folder of its own, and what it needs in there.
    """
    PIPELINE_REGISTRY.register(gpt2_architecture, allow_override=True)
    words = {"architectures": [NAME], "model_type": "gpt2", **asdict(config)}
    (folder / "config.json").write_text(json.dumps(words), encoding="utf-8")
    weights = folder / "model.safetensors"
    weights.touch()
    arguments = PipelineArgs.from_flat_kwargs(
        model_path=str(folder),
        weight_path=[weights],
        quantization_encoding="float32",
        device_specs=[DeviceSpec.cpu()],
        max_batch_size=served.batch,
        max_batch_input_tokens=STEP_TOKENS,
        enable_in_flight_batching=True,
        served_model_name=served.name,
    )
    return PipelineConfig.from_args(arguments)
