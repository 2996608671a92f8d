"""The model's process, as the server's process sees it: texts go in, tokens come out."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from max.pipelines.context import TextGenerationOutput
from max.pipelines.context.exceptions import InputError
from max.serve.scheduler_result import SchedulerResult
from max.serve.worker_interface import RequestQueueFull
from max.serve.worker_interface.zmq_interface import ZmqModelWorkerProxy
from prometheus_client import Histogram

from serving.metrics import Metrics
from serving.protocol.errors import Overloaded, Refused, Unavailable
from serving.request import Request

Begun = tuple[AsyncGenerator, list[TextGenerationOutput] | None]


class Worker:
    """Hands texts to MAX's scheduler, as many as there are places for."""

    def __init__(self, proxy: ZmqModelWorkerProxy, places: int, metrics: Metrics) -> None:
        self._proxy = proxy
        self._places = places
        self._metrics = metrics
        self._admitted = 0
        self._leaving: set[asyncio.Task] = set()
        self._ended: str | None = None
        metrics.texts.set_function(self._taken)

    def _taken(self) -> int:
        return self._admitted + len(self._leaving)

    @asynccontextmanager
    async def admit(self, count: int) -> AsyncIterator[None]:
        """Takes places for texts that belong together.

        Raises:
            Refused: there are never so many.
            Overloaded: there are not so many left.
            Unavailable: the model's process has ended.
        """
        if self._ended:
            raise Unavailable(self._ended)
        if count > self._places:
            raise Refused(f"these are {count} texts, and there are {self._places} places")
        if self._taken() + count > self._places:
            raise Overloaded(
                f"{self._taken()} of {self._places} places are taken, and this needs {count}: "
                "try again soon"
            )
        self._admitted += count
        try:
            yield
        finally:
            self._admitted -= count

    async def stream(self, request: Request) -> AsyncIterator[list[TextGenerationOutput]]:
        """What is written, a token or a few at a time. Who stops asking ends it.

        Raises:
            Unavailable: the model's process has ended.
        """
        began = time.monotonic()
        self._metrics.prompt_tokens.inc(request.prompt_length)
        try:
            stream, outputs = await self._begin(request)
            if outputs is None:
                return
            self._metrics.cached_tokens.inc(outputs[0].num_cached_tokens or 0)
            seen = self._count(outputs, began, self._metrics.first)
            async with contextlib.aclosing(stream):
                yield outputs
                async for outputs, _ in stream:
                    seen = self._count(outputs, seen, self._metrics.between)
                    yield outputs
        except (InputError, RequestQueueFull) as error:
            raise Unavailable(self._ended or str(error)) from error

    def _count(self, outputs: list[TextGenerationOutput], seen: float, waits: Histogram) -> float:
        """Counts tokens that came, and how long each was waited for since seen; returns now."""
        now = time.monotonic()
        count = sum(len(output.tokens) for output in outputs)
        waits.observe((now - seen) / count)
        self._metrics.written_tokens.inc(count)
        return now

    async def _begin(self, request: Request) -> Begun:
        """Hands a text over, and waits for its first token; cancelled, it ends the text.

        MAX's scheduler forgets to end what it has not seen yet, so a text that nobody waits for
        any more keeps its place until the scheduler says that it has ended, or sends a token.
        """

        async def begin() -> Begun:
            stream = await self._proxy.stream(request.request_id, request)
            outputs, _ = await anext(stream, (None, None))
            return stream, outputs

        async def let_go() -> None:
            with contextlib.suppress(InputError, RequestQueueFull):
                stream, _ = await beginning
                await stream.aclose()

        beginning = asyncio.ensure_future(begin())
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            self._proxy.cancel(request.request_id)
            leaving = asyncio.ensure_future(let_go())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            raise

    def end(self, why: str) -> None:
        """Ends all texts, and refuses more."""
        self._ended = why
        failed = SchedulerResult.failed(why)
        for queue in self._proxy.pending_out_queues.values():
            queue.put_nowait((time.monotonic(), failed))
