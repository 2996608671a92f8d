"""Our options in the words of transformers' `generate`."""

from typing import Any

from gpt2.text.sampling import Sampling


def peer_options(sampling: Sampling) -> dict[str, Any]:
    """Keyword arguments for `generate`, or for GenerationConfig."""
    return {
        "do_sample": not sampling.greedy,
        "temperature": sampling.temperature or None,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p or None,
        "repetition_penalty": sampling.repetition_penalty,
    }
