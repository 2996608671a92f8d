"""What is answered when something is wrong: a status, and a sentence in OpenAI's form."""

import http
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gpt2.errors import UserError, shortened

TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
RETRY = {"Retry-After": "1"}  # seconds
WORDS = {  # what a value must be, where pydantic has another sentence for it
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "less_than_equal": "at most {le}",
    "list_type": "a list",
    "literal_error": "{expected}",
    "model_attributes_type": "an object",
    "string_type": "a text",
    "too_short": "at least {min_length} long",
}


class Refused(UserError):
    """A request that is answered with an error.

    Attributes:
        status: the HTTP status.
        headers: what is sent with it.
        field: what is wrong in it, if it is one field.
    """

    status = 400
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Unknown(Refused):
    """It asks for what is not there."""

    status = 404


class Overloaded(Refused):
    """There is no room for it now."""

    status = 429
    headers = RETRY


class Unavailable(Refused):
    """The model's process has ended."""

    status = 503
    headers = RETRY


def body(error: Refused) -> dict[str, Any]:
    """An error as OpenAI's server writes it."""
    status = error.status
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": str(error), "type": kind, "param": error.field, "code": None}}


class Reason(BaseModel):
    """What was wrong."""

    message: str
    type: str
    param: str | None
    code: None


class Wrong(BaseModel):
    """An error, as /openapi.json describes it."""

    error: Reason


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What /openapi.json says of the errors of these statuses, and that there may be others."""
    words = {status: http.HTTPStatus(status).phrase for status in statuses}
    return {
        status: {"model": Wrong, "description": phrase}
        for status, phrase in [*words.items(), ("default", "Another error")]
    }


async def refuse(request: Request, error: Exception) -> Response:
    """Answers any error that the application raises."""
    match error:
        case Refused():
            refused = error
        case UserError():
            refused = Refused(str(error))
        case RequestValidationError():
            refused = explained(error)
        case HTTPException(status_code=404 | 405):
            refused = lost(request)
        case HTTPException():
            refused = Refused(error.detail)
            refused.status = error.status_code
        case _:
            refused = Refused("the server made a mistake; its log says which")
            refused.status = 500
    return JSONResponse(body(refused), refused.status, refused.headers)


def lost(request: Request) -> Refused:
    """Nothing is at the path of a request, or it takes another method."""
    path = request.url.path
    here = [route for route in request.app.routes if getattr(route, "path", None) == path]
    methods = ", ".join(sorted({method for route in here for method in route.methods or ()}))
    if not methods:
        return Unknown(f"there is nothing at {shortened(path)}: /openapi.json says what there is")
    refused = Refused(f"{path} takes {methods}, not {request.method}")
    refused.status = 405
    refused.headers = {"Allow": methods}
    return refused


def explained(error: RequestValidationError) -> Refused:
    """The first thing that is wrong in a body."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"] if part != "body")
    field = shortened(path)
    kind, value = first["type"], first["input"]
    if kind == "json_invalid":
        return Refused(f"the body cannot be read as JSON: {first['ctx']['error']}")
    if not path:
        if kind == "missing":
            return Refused("the body is empty: it must be a JSON object")
        if isinstance(value, bytes):
            return Refused("the body is no JSON by its Content-Type: send application/json")
        return Refused(f"the body must be a JSON object, not {shown(value)}")
    if kind == "missing":
        return Refused(f"{field} is missing", field)
    if kind == "extra_forbidden":
        return Refused(f"there is no field '{field}'", field)
    if kind == "none_required":
        return Refused(f"{field} is not supported here: leave it out", field)
    if kind in WORDS:
        words = "must be " + WORDS[kind].format_map(first.get("ctx", {}))
        words = words.removesuffix(".0").replace("False", "false")
    else:
        words = first["msg"].removeprefix("Value error, ")
    return Refused(f"{field} {words}, not {shown(value)}", field)


def shown(value: object) -> str:
    """A value as it was sent, or nearly."""
    return shortened(json.dumps(value, ensure_ascii=False))
