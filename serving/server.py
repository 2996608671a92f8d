"""MAX's server, started and ended: two processes, and what is said of them."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from multiprocessing import active_children, resource_tracker
from multiprocessing.util import _exit_function

import uvicorn
import uvloop
from fastapi import FastAPI
from max.serve.config import MetricRecordingMethod, Settings
from max.serve.process_control import SubprocessExit
from max.serve.telemetry.common import configure_logging
from max.serve.worker_interface.zmq_interface import ZmqModelWorkerProxy

from gpt2.checkpoint.config import read_config
from gpt2.errors import UserError
from serving.architecture import model_process
from serving.served import Served
from serving.worker import Worker

PLACES = 256  # texts that are written or wait
KEPT = 75  # seconds; clients give a connection up first, or a request would meet its end
GRACE = 2  # seconds for answers to end in, when the server ends


def run(app: FastAPI, served: Served, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serves until a signal comes.

    Args:
        app: the application.
        served: what is served.
        listening: where clients come.
        ready: called when they can.

    Raises:
        UserError: the model's process ended.
        KeyboardInterrupt: a signal came before it could be asked.
    """
    settings = Settings(
        MAX_SERVE_DISABLE_TELEMETRY=True,
        MAX_SERVE_METRIC_RECORDING_METHOD=MetricRecordingMethod.NOOP,
        MAX_SERVE_LOGS_CONSOLE_LEVEL="ERROR",
    )
    configure_logging(settings)
    process = model_process(served, read_config(served.folder), settings)
    try:
        uvloop.run(_until_stopped(_serve(app, process, listening, ready)))
        if not hasattr(app.state, "worker"):
            raise KeyboardInterrupt  # before anybody could ask
        return
    except SubprocessExit as error:
        why = str(error)
    # What MAX shared with its process goes, or Python's own process for that warns of a leak: after
    # an error the program ends without all that Python does at the end (commands/__main__.py).
    _exit_function()
    raise UserError(f"the model's process ended ({why}): so does the server")


async def _until_stopped(serving: Coroutine) -> None:
    """Runs the server until it ends, or a signal cancels it."""
    # A terminal sends Ctrl-C to MAX's process, too, which would complain. It does not hear of it,
    # for it inherits that SIGINT is held back; Python's process for what they share is there first.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    task = asyncio.ensure_future(serving)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel, "signal")
    while not (active_children() or task.done()):
        await asyncio.sleep(0.01)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _serve(
    app: FastAPI,
    process: AbstractAsyncContextManager[ZmqModelWorkerProxy],
    listening: socket.socket,
    ready: Callable[[], None],
) -> None:
    """MAX's process for the model, and around it the server. Cancelled, it ends both."""
    async with process as proxy:
        worker = app.state.worker = Worker(proxy, PLACES, app.state.metrics)
        config = uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            timeout_keep_alive=KEPT,
            timeout_graceful_shutdown=GRACE,
        )
        server = Server(config)
        answering = asyncio.ensure_future(server.serve([listening]))
        ready()
        why = "the model's process ended"
        try:
            await asyncio.shield(answering)
        except asyncio.CancelledError as cancelled:  # by a signal, or by MAX when its process ends
            if cancelled.args:
                why = "the server is shutting down"
            raise
        finally:
            worker.end(why)
            server.should_exit = True
            await answering


class Server(uvicorn.Server):
    """Leaves signals to whom it runs for."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield
