"""Hugging Face's transformers on torch, with its cache."""

import os
from collections.abc import Iterator
from pathlib import Path

from bench.weights import read


class Transformers:
    """GPT2LMHeadModel, called directly: its `generate` would add work of its own."""

    def __init__(self, folder: Path, dtype: str) -> None:
        import torch
        from transformers import GPT2Config, GPT2LMHeadModel

        self._torch = torch
        torch.set_num_threads(os.cpu_count() or 1)
        weights = read(folder)
        config = GPT2Config(**vars(weights.config))
        model = GPT2LMHeadModel(config).eval()
        state = {f"transformer.{name}": torch.from_numpy(a) for name, a in weights.arrays.items()}
        missing, unexpected = model.load_state_dict(state, strict=False)
        if unexpected or set(missing) - {"lm_head.weight"}:
            raise RuntimeError(f"transformers wants {missing}, and does not want {unexpected}")
        model.tie_weights()
        self._model = model.to(getattr(torch, dtype))

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        for tokens in self.stream_batch([ids], count):
            yield tokens[0]

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        ids, past = self._torch.tensor(prompts), None
        for _ in range(count):
            with self._torch.inference_mode():
                output = self._model(ids, past_key_values=past, use_cache=True, logits_to_keep=1)
            past = output.past_key_values
            ids = output.logits[:, -1].argmax(dim=-1, keepdim=True)
            yield ids[:, 0].tolist()
