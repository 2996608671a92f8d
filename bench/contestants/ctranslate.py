"""CTranslate2, an inference engine in C++."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.weights import Weights, read
from gpt2.threads import thread_count


def convert(weights: Weights, kind: str, folder: Path) -> None:
    """Writes the weights as CTranslate2 reads them; the tokens are called "0", "1", ..."""
    from ctranslate2.specs import TransformerDecoderModelSpec
    from ctranslate2.specs.common_spec import Activation

    config, arrays = weights.config, weights.arrays
    spec = TransformerDecoderModelSpec.from_config(
        config.n_layer, config.n_head, pre_norm=True, activation=Activation.GELUTanh
    )

    def fill_linear(part: object, name: str) -> None:
        part.weight = np.ascontiguousarray(arrays[f"{name}.weight"].T)
        part.bias = arrays[f"{name}.bias"]

    def fill_norm(part: object, name: str) -> None:
        part.gamma, part.beta = arrays[f"{name}.weight"], arrays[f"{name}.bias"]

    decoder = spec.decoder
    decoder.scale_embeddings = False
    decoder.embeddings.weight = decoder.projection.weight = arrays["wte.weight"]
    decoder.position_encodings.encodings = arrays["wpe.weight"]
    fill_norm(decoder.layer_norm, "ln_f")
    for index, layer in enumerate(decoder.layer):
        fill_norm(layer.self_attention.layer_norm, f"h.{index}.ln_1")
        fill_linear(layer.self_attention.linear[0], f"h.{index}.attn.c_attn")
        fill_linear(layer.self_attention.linear[1], f"h.{index}.attn.c_proj")
        fill_norm(layer.ffn.layer_norm, f"h.{index}.ln_2")
        fill_linear(layer.ffn.linear_0, f"h.{index}.mlp.c_fc")
        fill_linear(layer.ffn.linear_1, f"h.{index}.mlp.c_proj")
    spec.register_vocabulary([str(token) for token in range(config.vocab_size)])
    spec.config.unk_token = spec.config.bos_token = spec.config.eos_token = "0"
    spec.validate()
    spec.optimize(quantization=None if kind == "float32" else kind)
    folder.mkdir()
    spec.save(str(folder))


class CTranslate:
    """A generator, which chooses the tokens itself."""

    def __init__(self, folder: Path, kind: str) -> None:
        import ctranslate2

        converted = folder / f"ctranslate2-{kind}"
        if not converted.is_dir():
            convert(read(folder), kind, converted)
        self._generator = ctranslate2.Generator(
            str(converted), compute_type=kind, intra_threads=thread_count()
        )

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        steps = self._generator.generate_tokens(
            [str(token) for token in ids], max_length=count, min_length=count, sampling_topk=1
        )
        for step in steps:
            yield int(step.token)

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        """All tokens at the end: of batches, the generator tells none as they are found."""
        results = self._generator.generate_batch(
            [[str(token) for token in ids] for ids in prompts],
            max_length=count,
            min_length=count,
            sampling_topk=1,
            include_prompt_in_result=False,
        )
        for tokens in zip(*(result.sequences[0] for result in results), strict=True):
            yield [int(token) for token in tokens]
