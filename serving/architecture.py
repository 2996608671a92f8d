from dataclasses import dataclass
from max.graph.weights import WeightsFormat
from max.pipelines.context import TextContext
from max.pipelines.lib import SupportedArchitecture, TextTokenizer
from max.pipelines.modeling.types import PipelineTask
from max.pipelines.lib.interfaces.arch_config import ArchConfigWithBoundedMaxSeqLen
from gpt2.engine.decoder import Decoder
from serving.pipeline import GPT2Pipeline

@dataclass
class Config(ArchConfigWithBoundedMaxSeqLen):
    max_seq_len: int
    @classmethod
    def initialize(cls, pipeline_config, model_config=None, *, max_seq_len):
        return cls(max_seq_len=max_seq_len)

arch = SupportedArchitecture(
    name="GPT2LMHeadModel", task=PipelineTask.TEXT_GENERATION, example_repo_ids=["openai-community/gpt2"],
    default_encoding="float32", supported_encodings={"float32", "q4_0", "q6_k"},
    default_weights_format=WeightsFormat.safetensors, config=Config, pipeline_model=Decoder, pipeline_cls=GPT2Pipeline,
    tokenizer=TextTokenizer, context_type=TextContext, supports_overlap_scheduler=False, supports_device_graph_capture=False)
ARCHITECTURES = [arch]
