import numpy as np
from max.dtype import DType
from max.engine import InferenceSession
from max.graph import DeviceRef
from max.nn.kv_cache.cache_params import MHAKVCacheParams
from max.pipelines.kv_cache import load_kv_manager
from max.pipelines.modeling.types import Pipeline
from max.pipelines.lib.pipeline_variants.text_generation import TextGenerationPipelineInterface
from pathlib import Path
from max.driver import CPU
from gpt2.checkpoint.config import read_config
from gpt2.engine.engine import Engine
import time, os

class GPT2Pipeline(TextGenerationPipelineInterface):
    def __init__(self, pipeline_config, pipeline_model, weight_adapters, tokenizer, memory_plan):
        self._pipeline_config = pipeline_config
        self._tokenizer = tokenizer
        folder = Path(pipeline_config.model.model_path)
        config = read_config(folder)
        self.config = config
        enc = pipeline_config.model.quantization_encoding
        quant = None if enc in (None, "float32") else str(enc)
        quant = os.environ.get("GPT2_Q") or None
        self.engine = Engine(folder, config, CPU(), quant)
        self._mbs = memory_plan.planned_max_batch_size
        params = MHAKVCacheParams(dtype=DType.float32, head_dim=config.head_dim, num_layers=config.n_layer,
            devices=[DeviceRef.CPU()], n_kv_heads=config.n_head, enable_prefix_caching=True)
        pages = (self._mbs * -(-config.n_positions // params.page_size) + 1)
        self._kv_manager = load_kv_manager(params=params, max_batch_size=self._mbs,
            max_seq_len=config.n_positions, session=InferenceSession(devices=[CPU()]),
            available_cache_memory=pages * params.bytes_per_block, is_di_enabled=False,
            model_name="gpt2", max_num_input_tokens=None)
        [whole] = self._kv_manager.get_device_buffer(0).values
        print("PAGES", whole.shape, whole.dtype, flush=True)
        shape = [whole.shape[0], 2, config.n_layer, config.n_head, params.page_size, config.head_dim]
        self.pages = whole.view(DType.float32, shape)
        self.times = []
    max_batch_size = property(lambda s: s._mbs)
    kv_manager = property(lambda s: s._kv_manager)
    pipeline_config = property(lambda s: s._pipeline_config)
    tokenizer = property(lambda s: s._tokenizer)
    def release(self, request_id): pass
    def execute(self, inputs):
        t0 = time.perf_counter()
        [batch] = inputs.batches
        if not batch: return {}
        ids = [c.tokens.active for c in batch]
        past = np.array([c.tokens.processed_length for c in batch])
        rows = []
        for c in batch:
            [blocks] = self._kv_manager.get_req_blocks_per_leaf(c).values()
            rows.append(blocks)
        most = max(map(len, rows))
        table = np.array([r + [0] * (most - len(r)) for r in rows])
        t1 = time.perf_counter()
        logits = self.engine.step(ids, past, table, self.pages)
        t2 = time.perf_counter()
        res = {}
        tokens = logits.argmax(-1)
        for c, t in zip(batch, tokens):
            c.advance_token_buffer(int(t))
            out = c.to_generation_output()
            if out.tokens: res[c.request_id] = out
        t3 = time.perf_counter()
        self.times.append((t0, t1 - t0, t2 - t1, t3 - t2, len(batch)))
        if len(self.times) == 200:
            a = np.array(self.times)
            print("steps: between", np.median(np.diff(a[:,0]))*1e3, "prep", np.median(a[:,1])*1e3, "engine", np.median(a[:,2])*1e3, "after", np.median(a[:,3])*1e3, flush=True)
            self.times = []
        return res
