"""Our options in the words of transformers' `generate`."""

from typing import Any

from gpt2.text.options import Options


def peer_options(options: Options) -> dict[str, Any]:
    """Keyword arguments for `generate`, or for GenerationConfig."""
    return {
        "do_sample": not options.greedy,
        "temperature": options.temperature or None,
        "top_k": options.top_k,
        "top_p": options.top_p,
        "min_p": options.min_p or None,
        "repetition_penalty": options.repetition_penalty,
    }
