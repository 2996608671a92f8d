"""What MAX's scheduler calls: a step of the model for a batch of texts, over MAX's pages."""

from typing import Any

import numpy as np
from max.engine import InferenceSession
from max.graph import DeviceRef
from max.nn.kv_cache.cache_params import MHAKVCacheParams
from max.pipelines.context import LogProbabilities, TextGenerationOutput
from max.pipelines.kv_cache import load_kv_manager
from max.pipelines.lib import PipelineConfig
from max.pipelines.lib.pipeline_variants.text_generation import TextGenerationPipelineInterface
from max.pipelines.modeling.types import RequestID, TextGenerationInputs

from gpt2.checkpoint.config import read_config
from gpt2.devices import choose_device
from gpt2.engine.engine import PLAIN, Engine, choose_layout
from gpt2.engine.formats import cache_dtype
from gpt2.text.sampling import choose
from serving.likely import likely
from serving.paged_model import PagedReader
from serving.queues import unfinished
from serving.readers import PAGE_SIZE, KernelReader, Reader
from serving.request import Request
from serving.served import Served
from serving.steps_reader import StepsReader


class GPT2Pipeline(TextGenerationPipelineInterface[Request]):
    """The engine of this project over MAX's pages.

    The scheduler says which texts take part in a step, and has found pages for them; a text is
    the same to the last bit whoever they are.
    """

    def __init__(self, served: Served, pipeline_config: PipelineConfig) -> None:
        config = read_config(served.folder)
        device = choose_device(served.device)
        self._pipeline_config = pipeline_config
        self._batch = served.batch
        layout = PLAIN if served.steps else choose_layout(config, device, served.quantize)
        params = MHAKVCacheParams(
            dtype=cache_dtype(layout),
            n_kv_heads=config.n_head,
            head_dim=config.head_dim,
            num_layers=config.n_layer,
            devices=[DeviceRef.from_device(device)],
            page_size=PAGE_SIZE,
            enable_prefix_caching=True,
        )
        self._kv_manager = load_kv_manager(
            params=params,
            max_batch_size=served.batch,
            max_seq_len=config.n_positions,
            session=InferenceSession(devices=[device]),
            available_cache_memory=served.pages * params.bytes_per_block,
            is_di_enabled=False,
            model_name=served.name,
            max_num_input_tokens=None,
        )
        if served.steps is not None:
            reader = StepsReader(served.folder, config, device)
        elif layout == PLAIN:
            reader = PagedReader(served.folder, config, device, self._kv_manager, params)
        else:
            engine = Engine(served.folder, config, device, served.quantize)
            reader = KernelReader(engine, self._kv_manager)
        self._reader: Reader = reader
        self._echoes: dict[RequestID, dict[int, LogProbabilities]] = {}

    @property
    def kv_manager(self) -> Any:  # noqa: ANN401
        """MAX's pages: who has which, and what is in them."""
        return self._kv_manager

    @property
    def pipeline_config(self) -> PipelineConfig:
        """MAX's settings."""
        return self._pipeline_config

    @property
    def max_batch_size(self) -> int:
        """How many texts a step has, at most."""
        return self._batch

    @property
    def tokenizer(self) -> None:
        """None: text stays in the server's process."""

    def release(self, request_id: RequestID) -> None:
        """Forgets a text that has ended, or has to wait."""
        self._echoes.pop(request_id, None)
        unfinished.discard(request_id)

    # ANCHOR: execute
    def execute(
        self, inputs: TextGenerationInputs[Request]
    ) -> dict[RequestID, TextGenerationOutput]:
        """Reads the new tokens of each text, and chooses the next of those that are read."""
        [batch] = inputs.batches
        outputs = {}
        for request, logits in zip(batch, self._read(batch), strict=True):
            if request.echo:
                self._keep_echo(request, logits)
            if request.tokens.actively_chunked:  # more of the prompt is to be read
                request.tokens.advance_chunk()
                continue
            token = self._choose(request, logits[-1])
            request.advance_token_buffer(token)
            output = request.to_generation_output()
            if request.top_logprobs is not None:
                own = likely(logits[-1], token, request.top_logprobs)
                output.log_probabilities = [*self._take_echo(request), own]
            outputs[request.request_id] = output
        unfinished.update(request.request_id for request in batch)
        for request in batch:
            self._kv_manager.step(request)  # its full pages can be shared from now on
        return outputs

    def _read(self, batch: list[Request]) -> list[np.ndarray]:
        """The logits of each text: of all its new tokens where it is echoed, or of the last."""
        ends = np.cumsum([request.tokens.active_length for request in batch])
        kept = [
            np.arange(end - (request.tokens.active_length if request.echo else 1), end)
            for request, end in zip(batch, ends, strict=True)
        ]
        logits = self._reader.read(batch, np.concatenate(kept))
        return np.split(logits, np.cumsum(list(map(len, kept)))[:-1])
        # ANCHOR_END: execute

    def _choose(self, request: Request, logits: np.ndarray) -> int:
        """The next token; the numbers that it is drawn by depend on seed and place alone."""
        ids, prompt = request.tokens.all.tolist(), request.prompt_length
        if request.logit_bias:
            logits = logits.copy()
            logits[list(request.logit_bias)] += list(request.logit_bias.values())
        # As a text that `gpt2 generate` writes with this seed: a number for each token.
        numbers = np.random.PCG64(request.options.seed).advance(len(ids) - prompt)
        return choose(logits, ids, request.options, np.random.Generator(numbers), prompt)

    def _keep_echo(self, request: Request, logits: np.ndarray) -> None:
        """Keeps how likely the prompt's tokens were, behind each that was read."""
        echo = self._echoes.setdefault(request.request_id, {})
        first = request.tokens.processed_length + 1
        following = request.tokens.all[first : request.prompt_length]
        for place, (token, row) in enumerate(zip(following, logits, strict=False), first):
            echo[place] = likely(row, int(token), request.top_logprobs or 0)

    def _take_echo(self, request: Request) -> list[LogProbabilities]:
        """What was kept of the prompt's tokens, but the first, once."""
        if not request.echo:
            return []
        request.echo = False
        return list(self._echoes.pop(request.request_id).values())
