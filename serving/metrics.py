"""What the server did, in numbers, for Prometheus."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

FIRST = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25)  # seconds
BETWEEN = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)


class Metrics:
    """Counts requests, texts and tokens, and how long they took."""

    def __init__(self) -> None:
        disable_created_metrics()
        self._registry = CollectorRegistry()
        self.requests = self._made(Counter, "gpt2_requests", "Answers.", ["path", "status"])
        self.prompt_tokens = self._made(Counter, "gpt2_prompt_tokens", "Tokens of prompts.")
        self.cached_tokens = self._made(
            Counter, "gpt2_cached_tokens", "Tokens of prompts whose pages were there."
        )
        self.written_tokens = self._made(Counter, "gpt2_written_tokens", "Tokens written.")
        self.texts = self._made(Gauge, "gpt2_texts", "Texts that are written, or wait.")
        self.first = self._made(
            Histogram, "gpt2_first_token_seconds", "Until the first token.", buckets=FIRST
        )
        self.between = self._made(
            Histogram, "gpt2_next_token_seconds", "From token to token.", buckets=BETWEEN
        )

    def _made(self, kind: type, *words: object, **more: object) -> Counter | Gauge | Histogram:
        return kind(*words, registry=self._registry, **more)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
