"""The JSON files of a checkpoint."""

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
        values = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{shortened(path)} cannot be read as JSON: {shortened(error)}") from error
    if not isinstance(values, dict):
        found = shortened(json.dumps(values))
        raise UserError(f"{shortened(path)} has to hold names and values {{...}}, not {found}")
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise ValueError(f"{name} is there twice")
        values[name] = value
    return values
