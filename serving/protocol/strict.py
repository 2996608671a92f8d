"""Bodies that mean one thing."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import jiter
from fastapi import Request, Response
from fastapi.routing import APIRoute


class StrictRequest(Request):
    """Its JSON is UTF-8, has no name twice, no halves of characters, and is not nested deep."""

    async def json(self) -> Any:  # noqa: ANN401
        """What the body says.

        Raises:
            json.JSONDecodeError: it is no such JSON.
        """
        try:
            return jiter.from_json(
                await self.body(), allow_inf_nan=False, catch_duplicate_keys=True
            )
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


class StrictRoute(APIRoute):
    """Reads a body as a StrictRequest does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What FastAPI calls."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly
