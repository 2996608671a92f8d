"""The model's process, as the server's process sees it: texts go in, tokens come out."""

import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from max.pipelines.context import TextGenerationOutput
from max.pipelines.context.exceptions import InputError
from max.serve.scheduler_result import SchedulerResult
from max.serve.worker_interface.zmq_interface import ZmqModelWorkerProxy

from serving.protocol.errors import Overloaded, Unavailable
from serving.request import Request


class Worker:
    """Hands texts to MAX's scheduler, as many as there are places for.

    Attributes:
        texts: how many there are now.
    """

    def __init__(self, proxy: ZmqModelWorkerProxy, places: int) -> None:
        self._proxy = proxy
        self._places = places
        self._ended: str | None = None
        self.texts = 0

    @asynccontextmanager
    async def admit(self, count: int) -> AsyncIterator[None]:
        """Takes places for texts that belong together.

        Raises:
            Overloaded: there are not so many left.
            Unavailable: the model's process has ended.
        """
        if self._ended:
            raise Unavailable(self._ended)
        if self.texts + count > self._places:
            raise Overloaded(f"{self.texts} texts are being written or wait, and {self._places} can")
        self.texts += count
        try:
            yield
        finally:
            self.texts -= count

    async def stream(self, request: Request) -> AsyncIterator[list[TextGenerationOutput]]:
        """What is written, a token or a few at a time. Who stops asking ends it.

        Raises:
            Unavailable: the model's process has ended.
        """
        try:
            outputs = await self._proxy.stream(request.request_id, request)
            async with contextlib.aclosing(outputs):
                async for tokens, _ in outputs:
                    yield tokens
        except InputError as error:
            raise Unavailable(str(error)) from error

    def end(self, why: str) -> None:
        """Ends all texts, and refuses more."""
        self._ended = why
        failed = SchedulerResult.failed(why)
        for queue in self._proxy.pending_out_queues.values():
            queue.put_nowait((time.monotonic(), failed))

    def cancel(self, request: Request) -> None:
        """Ends a text: its stop string came."""
        self._proxy.cancel(request.request_id)

