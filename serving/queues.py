"""How texts reach the model's process: through MAX's queues, of which one can wait."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from max.pipelines.context import TextGenerationOutput
from max.pipelines.modeling.types import RequestID
from max.serve.worker_interface import WorkerQueues
from max.serve.worker_interface._zmq_queue import ZmqPullSocket
from max.serve.worker_interface.zmq_interface import ZmqModelWorkerInterface

from serving.request import Request

PATIENCE = 100  # milliseconds to wait for a text, at a time

unfinished: set[RequestID] = set()  # the texts that this process is at


class PatientQueue:
    """Waits for a text while there is nothing else to do.

    MAX's scheduler looks for work a hundred times a second, which keeps a core busy by a tenth,
    and a text waiting for up to ten milliseconds.
    """

    def __init__(self, socket: ZmqPullSocket[Request]) -> None:
        self._socket = socket

    def get_nowait(self) -> Request:
        """The next text; queue.Empty if none comes."""
        if not unfinished:
            self._socket._socket.poll(PATIENCE)
        request = self._socket.get_nowait()
        unfinished.add(request.request_id)
        return request


class PatientInterface(ZmqModelWorkerInterface[Request, TextGenerationOutput]):
    """MAX's, with a queue that waits in the model's process."""

    @asynccontextmanager
    async def model_worker_queues(self) -> AsyncIterator[WorkerQueues]:
        """Called by MAX in the model's process."""
        async with super().model_worker_queues() as queues:
            yield replace(queues, request_queue=PatientQueue(queues.request_queue))
