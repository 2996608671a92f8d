"""What is answered when something is wrong: a status, and a sentence in OpenAI's form."""

import json
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gpt2.errors import UserError, shortened

TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
RETRY = {"Retry-After": "1"}  # seconds


class Refused(UserError):
    """A request that is answered with an error.

    Attributes:
        status: the HTTP status.
        field: what is wrong in it, if it is one field.
    """

    status = 400

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Unknown(Refused):
    """It asks for what is not there."""

    status = 404


class Overloaded(Refused):
    """There is no room for it now."""

    status = 429


class Unavailable(Refused):
    """The model's process has ended."""

    status = 503


def body(error: Refused) -> dict[str, Any]:
    """An error as OpenAI's server writes it."""
    status = error.status
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": str(error), "type": kind, "param": error.field, "code": None}}


async def refuse(_: Request, error: Exception) -> Response:
    """Answers any error that the application raises."""
    match error:
        case Refused():
            refused = error
        case UserError():
            refused = Refused(str(error))
        case RequestValidationError():
            refused = explained(error)
        case HTTPException():
            refused = Refused(f"{error.detail}: /openapi.json says what there is")
            refused.status = error.status_code
        case _:
            refused = Refused("the server made a mistake; its log says which")
            refused.status = 500
    headers = RETRY if refused.status in (429, 503) else None
    return JSONResponse(body(refused), refused.status, headers)


def explained(error: RequestValidationError) -> Refused:
    """The first thing that is wrong in a body."""
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    path = [str(part) for part in first["loc"] if part != "body"]
    match first["type"]:
        case "json_invalid":
            return Refused(f"the body is no JSON: {first['ctx']['error']}")
        case "model_attributes_type" | "missing" if not path:
            return Refused("the body is no JSON object, or Content-Type is not application/json")
        case "missing":
            return Refused(f"{path[-1]} is missing", path[-1])
        case "extra_forbidden":
            return Refused(f"there is no field {shortened(repr(path[-1]))}", path[-1])
        case "none_required":
            return Refused(f"{path[0]} is not supported here: leave it out", path[0])
    value = shortened(json.dumps(first["input"], default=str))
    return Refused(f"{path[0]}: {message[0].lower()}{message[1:]}, not {value}", path[0])
