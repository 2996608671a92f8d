"""Who may ask, and what is written down of it: around the whole application."""

import hmac
import sys
import time

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gpt2.errors import shortened
from serving.metrics import Metrics
from serving.protocol.errors import Refused, body

GUARDED = ("/v1/", "/metrics")  # the page and /health are for everybody


class Access:
    """Asks for a key, counts requests, and writes a line for each.

    What others put into a request's `scope["notes"]` is written behind the line.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, key: str | None, log: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._key = None if key is None else f"Bearer {key}".encode()
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.monotonic(), 499  # the client left before there was one
        scope["notes"] = []

        async def send_and_see(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            if self._allows(scope):
                await self._app(scope, receive, send_and_see)
            else:
                error = Refused("the key is missing or wrong: Authorization: Bearer KEY")
                error.status, error.headers = 401, {"WWW-Authenticate": "Bearer"}
                response = JSONResponse(body(error), error.status, error.headers)
                await response(scope, receive, send_and_see)
        finally:
            path = route.path if (route := scope.get("route")) else "other"
            self._metrics.requests.labels(path, status).inc()
            if self._log:
                waited = f"{time.monotonic() - began:.2f} s"
                what = (time.strftime("%H:%M:%S"), scope["method"], shortened(scope["path"]))
                print(*what, status, waited, *scope["notes"], file=sys.stderr, flush=True)

    def _allows(self, scope: Scope) -> bool:
        if self._key is None or not scope["path"].startswith(GUARDED):
            return True
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._key)
