"""MAX's server, started and ended: two processes, and what is said of them."""

import asyncio
import contextlib
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvicorn
import uvloop
from fastapi import FastAPI
from max.serve.api_server import lifespan
from max.serve.config import MetricRecordingMethod, Settings
from max.serve.process_control import SubprocessExit
from max.serve.telemetry.common import configure_logging
from max.serve.worker_interface._zmq_queue import generate_zmq_ipc_path

from gpt2.checkpoint.config import read_config
from gpt2.errors import UserError
from serving.architecture import serving_settings
from serving.pipeline import Served
from serving.worker import Worker

PLACES = 256  # texts that are written or wait
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
    """
    settings = Settings(
        MAX_SERVE_DISABLE_TELEMETRY=True,
        MAX_SERVE_METRIC_RECORDING_METHOD=MetricRecordingMethod.NOOP,
        MAX_SERVE_LOGS_CONSOLE_LEVEL="ERROR",
    )
    configure_logging(settings)
    with tempfile.TemporaryDirectory() as view:
        told = serving_settings(served, read_config(served.folder), Path(view))
        uvloop.run(_serve(app, settings, told, listening, ready))


async def _serve(app, settings, told, listening, ready) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    stopping = asyncio.ensure_future(stop.wait())
    serving = asyncio.ensure_future(_run_both(app, settings, told, listening, ready, stop))
    await asyncio.wait([stopping, serving], return_when=asyncio.FIRST_COMPLETED)
    if not serving.done() and not app.state.__dict__.get("_state", {}).get("worker"):
        serving.cancel()
    stopping.cancel()
    try:
        await serving
    except asyncio.CancelledError:
        pass
    except SubprocessExit as error:
        raise UserError(f"the model's process ended ({error}), and the server with it") from None


async def _run_both(app, settings, told, listening, ready, stop) -> None:
    async with lifespan(app, settings, told, generate_zmq_ipc_path()):
        worker = app.state.worker = Worker(app.state.pipeline.model_worker, PLACES)
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", timeout_graceful_shutdown=GRACE
        )
        server = QuietServer(config)
        task = asyncio.ensure_future(server.serve([listening]))
        ready()
        why = "the model's process ended"
        try:
            await stop.wait()
            why = "the server is shutting down"
        finally:
            worker.end(why)
            server.should_exit = True
            await task


class QuietServer(uvicorn.Server):
    """Leaves signals to whom it runs for."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield
