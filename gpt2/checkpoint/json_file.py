"""JSON objects that somebody else wrote."""

import json
from pathlib import Path
from typing import Any

from gpt2.errors import UserError, shortened


def read_object(path: Path) -> dict[str, Any]:
    """Reads a file that holds a JSON object.

    Raises:
        UserError: it cannot be read, is no JSON, or says a thing twice.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{shortened(path)} cannot be read as JSON: {shortened(error)}") from error
    return parse_object(content, shortened(path))


def parse_object(content: bytes, place: str) -> dict[str, Any]:
    """Reads a JSON object; place says where it is from. Raises as read_object."""
    try:
        values = json.loads(content.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place} cannot be read as JSON: {shortened(error)}") from error
    if not isinstance(values, dict):
        found = shortened(json.dumps(values))
        raise UserError(f"{place} has to hold names and values {{...}}, not {found}")
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise ValueError(f"{name} is there twice")
        values[name] = value
    return values
