"""The model's process, as the server's process sees it: texts go in, tokens come out."""

import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from max.pipelines.context import TextGenerationOutput
from max.pipelines.context.exceptions import InputError
from max.serve.scheduler_result import SchedulerResult
from max.serve.worker_interface.zmq_interface import ZmqModelWorkerProxy

from serving.metrics import Metrics
from serving.protocol.errors import Overloaded, Unavailable
from serving.request import Request


class Worker:
    """Hands texts to MAX's scheduler, as many as there are places for."""

    def __init__(self, proxy: ZmqModelWorkerProxy, places: int, metrics: Metrics) -> None:
        self._proxy = proxy
        self._places = places
        self._metrics = metrics
        self._taken = 0
        self._ended: str | None = None
        metrics.texts.set_function(lambda: self._taken)

    @asynccontextmanager
    async def admit(self, count: int) -> AsyncIterator[None]:
        """Takes places for texts that belong together.

        Raises:
            Overloaded: there are not so many left.
            Unavailable: the model's process has ended.
        """
        if self._ended:
            raise Unavailable(self._ended)
        if self._taken + count > self._places:
            raise Overloaded(
                f"{self._taken} texts are written or wait, and {self._places} can: try again soon"
            )
        self._taken += count
        try:
            yield
        finally:
            self._taken -= count

    async def stream(self, request: Request) -> AsyncIterator[list[TextGenerationOutput]]:
        """What is written, a token or a few at a time. Who stops asking ends it.

        Raises:
            Unavailable: the model's process has ended.
        """
        seen, waits = time.monotonic(), self._metrics.first
        self._metrics.prompt_tokens.inc(request.prompt_length)
        try:
            stream = await self._proxy.stream(request.request_id, request)
            async with contextlib.aclosing(stream):
                async for outputs, _ in stream:
                    now = time.monotonic()
                    count = sum(len(output.tokens) for output in outputs)
                    waits.observe((now - seen) / count)
                    if waits is self._metrics.first:
                        self._metrics.cached_tokens.inc(outputs[0].num_cached_tokens or 0)
                    self._metrics.written_tokens.inc(count)
                    seen, waits = now, self._metrics.between
                    yield outputs
        except InputError as error:
            raise Unavailable(str(error)) from error

    def end(self, why: str) -> None:
        """Ends all texts, and refuses more."""
        self._ended = why
        failed = SchedulerResult.failed(why)
        for queue in self._proxy.pending_out_queues.values():
            queue.put_nowait((time.monotonic(), failed))
