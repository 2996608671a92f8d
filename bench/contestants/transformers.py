"""Hugging Face's transformers on torch, with its cache."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.weights import read
from gpt2.threads import thread_count

if TYPE_CHECKING:
    from transformers import StaticCache


class Transformers:
    """GPT2LMHeadModel, called directly: its `generate` would add work of its own.

    Args:
        folder: the weights.
        dtype: torch's name for it.
        device: likewise.
        compiled: with torch.compile, and caches that neither grow nor move.
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
        self._caches: dict[tuple[int, int], StaticCache] = {}
        self._forward, self._mode = self._model, torch.inference_mode
        if compiled:  # each batch size for itself; and graphs of a GPU want no inference tensors
            self._forward = torch.compile(self._model, mode="max-autotune", dynamic=False)
            self._mode = torch.no_grad

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        for tokens in self.stream_batch([ids], count):
            yield tokens[0]

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        ids = self._torch.tensor(prompts, device=self._device)
        past = self._static_cache(len(prompts), ids.shape[1] + count) if self._compiled else None
        for step in range(count):
            forward = self._forward if step else self._model  # a prompt is read once
            with self._mode():
                output = forward(ids, past_key_values=past, use_cache=True, logits_to_keep=1)
            past = output.past_key_values
            ids = output.logits[:, -1].argmax(dim=-1, keepdim=True)
            yield ids[:, 0].tolist()

    def _static_cache(self, texts: int, length: int) -> "StaticCache":
        """An empty one, the same each time: torch would compile anew for other addresses.

        Source: https://github.com/pytorch/pytorch/issues/156377
        """
        from transformers import StaticCache

        if (texts, length) in self._caches:
            self._caches[texts, length].reset()
        else:
            self._caches[texts, length] = StaticCache(self._model.config, max_cache_len=length)
        return self._caches[texts, length]


def compiled_transformers(folder: Path, dtype: str, device: str) -> Transformers:
    """The same with torch.compile."""
    return Transformers(folder, dtype, device, compiled=True)
