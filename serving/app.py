"""The application: what is answered at which path, and to whom."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from max.serve._body_size_limit import RequestBodySizeLimitMiddleware
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.types import Scope

from gpt2 import __version__
from gpt2.errors import UserError, shortened
from serving.access import Access
from serving.metrics import Metrics
from serving.protocol.answer import Answer, usage
from serving.protocol.chat import ChatAnswer, ChatCompletion, chat_texts
from serving.protocol.completions import CompletionAnswer, texts
from serving.protocol.delivery import EventStream, write_pieces, write_whole
from serving.protocol.errors import Refused, Unknown, described, refuse
from serving.protocol.fields import Completion, Sampling
from serving.protocol.model import Model
from serving.protocol.strict import StrictRoute
from serving.protocol.text import Text
from serving.worker import Worker

LARGEST_BODY = 4_000_000  # bytes
PAGE = Path(__file__).parent / "page"
TEXTS = described(400, 401, 404, 413, 429, 503) | {
    200: {"description": "All at the end, or events", "content": {"text/event-stream": {}}}
}
PAGE_HEADERS = {
    "Cache-Control": "no-cache",  # asked for again each time, and sent again if it changed
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
CLIENT_LEFT = 499  # nobody reads it; nginx has this number for the log
CONTINUES = "this model continues texts and has no chat template: ask /v1/completions"


def make_app(model: Model, template: str | None, key: str | None, log: bool) -> FastAPI:
    """The application; its state has a worker before anybody asks.

    Args:
        model: what is served.
        template: how its conversations are written, if it has them.
        key: what clients have to send; None for nothing.
        log: whether to write a line for each request.
    """
    app = FastAPI(title="gpt2 serve", version=__version__, docs_url=None, redoc_url=None)
    for kind in (UserError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, refuse)
    app.add_middleware(RequestBodySizeLimitMiddleware, max_bytes=LARGEST_BODY)
    app.router.route_class = StrictRoute
    metrics = app.state.metrics = Metrics()
    app.add_middleware(Access, metrics=metrics, key=key, log=log)
    born = int(time.time())

    @app.get("/health", response_class=Response)
    async def health() -> Response:
        """Whether the server is there."""
        return Response()

    @app.get("/v1/models", responses=described(401))
    async def models() -> dict[str, Any]:
        """The model that is served."""
        entry = {"id": model.name, "object": "model", "created": born, "owned_by": "gpt2-by-hand"}
        return {"object": "list", "data": [entry]}

    @app.get("/metrics", response_class=PlainTextResponse, responses=described(401))
    async def numbers() -> Response:
        """What the server did so far, for Prometheus."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.post("/v1/completions", responses=TEXTS)
    async def completions(fields: Completion, client: Request) -> Response:
        """Continues texts. The body has at most 4 million bytes."""
        check(model, fields)
        return await respond(client, texts(model, fields), CompletionAnswer(model, fields))

    if template is None:

        @app.post("/v1/chat/completions", responses=described(400, 401))
        async def no_chat() -> None:
            """Refused: this model has no chat template."""
            raise Refused(CONTINUES)
    else:

        @app.post("/v1/chat/completions", responses=TEXTS)
        async def chat(fields: ChatCompletion, client: Request) -> Response:
            """Continues a conversation."""
            check(model, fields)
            prompts = chat_texts(model, template, fields)
            return await respond(client, prompts, ChatAnswer(model, fields))

    app.mount("/", Page(directory=PAGE, html=True))
    return app


class Page(StaticFiles):
    """The page and its parts, which load from here and from nowhere else."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, with the headers."""
        response = await super().get_response(path, scope)
        response.headers.update(PAGE_HEADERS)
        return response


async def respond(client: Request, prompts: list[list[Text]], answer: Answer) -> Response:
    """Writes the texts of a request, and answers with all of them, or with a stream."""
    worker: Worker = client.app.state.worker
    together = [text for texts in prompts for text in texts]
    async with AsyncExitStack() as taken:
        await taken.enter_async_context(worker.admit(len(together)))
        taken.callback(note, client, answer, prompts)
        if answer.fields.stream:
            return EventStream(parts(answer, prompts, worker), taken.pop_all())
        pieces = await write_whole(together, worker, client)
    if pieces is None:
        return Response(status_code=CLIENT_LEFT)
    return JSONResponse(answer.whole(prompts, pieces))


def check(model: Model, fields: Sampling) -> None:
    """Raises Refused: another model is asked for, or fields do not go together."""
    if fields.model != model.name:
        name = shortened(repr(fields.model))
        raise Unknown(f"there is no model {name}: this server has {model.name}", "model")
    if fields.stream_options and not fields.stream:
        raise Refused("stream_options is for streams: with it goes stream", "stream_options")


def note(client: Request, answer: Answer, prompts: list[list[Text]]) -> None:
    """Adds to the line in the log how much was read and written, and for whom."""
    numbers = usage(prompts)
    client.scope["notes"] = [f"{numbers['prompt_tokens']}+{numbers['completion_tokens']} tokens"]
    if user := answer.fields.user:
        client.scope["notes"].append(shortened(repr(user)))


async def parts(answer: Answer, prompts: list[list[Text]], worker: Worker) -> AsyncIterator[dict]:
    """The pieces of a stream."""
    together = [text for group in prompts for text in group]
    async with aclosing(write_pieces(together, worker)) as pieces:
        async for number, piece in pieces:
            yield answer.part(number, piece)
    if answer.tells_usage:
        yield answer.last(prompts)
