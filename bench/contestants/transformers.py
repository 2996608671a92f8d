"""Hugging Face's transformers on torch, with its cache."""

from collections.abc import Iterator
from pathlib import Path

from bench.weights import read
from gpt2.threads import thread_count


class Transformers:
    """GPT2LMHeadModel, called directly: its `generate` would add work of its own.

    Args:
        folder: the weights.
        dtype: torch's name for it.
        device: likewise.
        compiled: with torch.compile, and a cache that does not grow.
    """

    def __init__(
        self, folder: Path, dtype: str, device: str = "cpu", *, compiled: bool = False
    ) -> None:
        import torch
        from transformers import GPT2Config, GPT2LMHeadModel

        self._torch = torch
        torch.set_num_threads(thread_count())
        weights = read(folder)
        config = GPT2Config(**vars(weights.config))
        model = GPT2LMHeadModel(config).eval()
        state = {f"transformer.{name}": torch.from_numpy(a) for name, a in weights.arrays.items()}
        missing, unexpected = model.load_state_dict(state, strict=False)
        if unexpected or set(missing) - {"lm_head.weight"}:
            raise RuntimeError(f"transformers wants {missing}, and does not want {unexpected}")
        model.tie_weights()
        self._model = model.to(device=device, dtype=getattr(torch, dtype))
        self._device, self._compiled = device, compiled
        self._forward = torch.compile(self._model, mode="max-autotune") if compiled else self._model

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        for tokens in self.stream_batch([ids], count):
            yield tokens[0]

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        ids, past = self._torch.tensor(prompts, device=self._device), None
        if self._compiled:
            from transformers import StaticCache

            past = StaticCache(self._model.config, max_cache_len=ids.shape[1] + count)
        for step in range(count):
            forward = self._forward if step else self._model  # a prompt is read once
            with self._torch.inference_mode():
                output = forward(ids, past_key_values=past, use_cache=True, logits_to_keep=1)
            past = output.past_key_values
            ids = output.logits[:, -1].argmax(dim=-1, keepdim=True)
            yield ids[:, 0].tolist()
