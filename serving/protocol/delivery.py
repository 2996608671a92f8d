"""Writing the texts of a request, and sending them: all at the end, or piece by piece."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serving.protocol.errors import Refused, body
from serving.protocol.text import Piece, Text
from serving.worker import Worker


async def write_whole(texts: list[Text], worker: Worker, client: Request) -> list[Piece] | None:
    """Writes texts together; None if the client went away, and they ended there."""
    writing = asyncio.gather(*(_whole(text, worker) for text in texts))
    leaving = asyncio.ensure_future(_gone(client))
    try:
        await asyncio.wait([writing, leaving], return_when=asyncio.FIRST_COMPLETED)
        return writing.result() if writing.done() else None
    finally:
        leaving.cancel()
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Refused):
            await writing


async def _whole(text: Text, worker: Worker) -> Piece:
    whole = Piece()
    async with contextlib.aclosing(text.pieces(worker)) as pieces:
        async for piece in pieces:
            whole.text += piece.text
            whole.prompt_ids = whole.prompt_ids or piece.prompt_ids
            whole.tokens += piece.tokens
            whole.finish_reason = piece.finish_reason
    return whole


async def _gone(client: Request) -> None:
    """Returns when the client has hung up."""
    while (await client.receive())["type"] != "http.disconnect":
        pass


async def write_pieces(texts: list[Text], worker: Worker) -> AsyncIterator[tuple[int, Piece]]:
    """Writes texts together, and yields their pieces as they come, with the number of the text."""
    if len(texts) == 1:
        async with contextlib.aclosing(texts[0].pieces(worker)) as pieces:
            async for piece in pieces:
                yield 0, piece
        return
    coming: asyncio.Queue[tuple[int, Piece] | Exception | None] = asyncio.Queue()

    async def write(number: int, text: Text) -> None:
        try:
            async with contextlib.aclosing(text.pieces(worker)) as pieces:
                async for piece in pieces:
                    coming.put_nowait((number, piece))
            coming.put_nowait(None)
        except Exception as error:
            coming.put_nowait(error)

    tasks = [asyncio.ensure_future(write(number, text)) for number, text in enumerate(texts)]
    try:
        left = len(tasks)
        while left:
            match await coming.get():
                case None:
                    left -= 1
                case Exception() as error:
                    raise error
                case numbered:
                    yield numbered
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class EventStream(StreamingResponse):
    """Sends events, and gives back what was taken for them, whenever it ends."""

    def __init__(self, events: AsyncIterator[dict[str, Any]], taken: AsyncExitStack) -> None:
        super().__init__(
            _encoded(events), media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
        )
        self._taken = taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._taken:
            await super().__call__(scope, receive, send)


async def _encoded(events: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Events as they are sent; an error is one, too, for the status has been sent."""
    try:
        async with contextlib.aclosing(events):
            async for content in events:
                yield b"data: " + json.dumps(content).encode() + b"\n\n"
    except Refused as error:
        yield b"data: " + json.dumps(body(error)).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"
