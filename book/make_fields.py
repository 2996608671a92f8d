"""Writes the book's tables of the fields of a request, from what checks them.

`uv run --extra serve python book/make_fields.py` writes book/src/fields/; the chapter about
serving includes them by name.
"""

from pathlib import Path
from typing import Any

from openai.types.chat.completion_create_params import CompletionCreateParamsBase as OpenAIChat
from openai.types.completion_create_params import CompletionCreateParamsBase as OpenAICompletion
from pydantic import BaseModel

from serving.protocol.chat import ChatCompletion
from serving.protocol.fields import Completion

FOLDER = Path(__file__).parent / "src" / "fields"
TABLES: dict[str, tuple[type[BaseModel], type]] = {  # ours, and OpenAI's
    "completion": (Completion, OpenAICompletion),
    "chat_completion": (ChatCompletion, OpenAIChat),
}
WORDS = {"boolean": "true or false", "string": "text", "array": "list", "integer": "whole number"}
LARGE = 2**31 - 1  # a bound like this is none for who reads


def fields(openai: type) -> set[str]:
    """The fields of a request as OpenAI's client has them; those about streams are elsewhere."""
    return {*openai.__annotations__, "stream"}


def table(ours: type[BaseModel], openai: type) -> str:
    """A row for each field: OpenAI's in alphabetical order, then those that are ours alone."""
    known = fields(openai)
    rows = ["| field | may be | what it does |", "| --- | --- | --- |"]
    properties = ours.model_json_schema()["properties"].items()
    for name, schema in sorted(properties, key=lambda one: (one[0] not in known, one[0])):
        does = schema["description"] if name in known else f"Not OpenAI's. {schema['description']}"
        rows.append(f"| `{name}` | {may_be(schema)} | {does} |")
    return "\n".join(rows) + "\n"


def may_be(schema: dict[str, Any]) -> str:
    """The values of a field in words; nothing for one that is refused."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    return " or ".join(dict.fromkeys(map(_word, kinds)))


def _word(kind: dict[str, Any]) -> str:
    least, most = kind.get("minimum", -LARGE), kind.get("maximum", LARGE)
    if least > -LARGE:
        return f"{least} to {most}" if most < LARGE else f"from {least}"
    return WORDS.get(str(kind.get("type")), "object")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, requests in TABLES.items():
        (FOLDER / f"{name}.md").write_text(table(*requests), encoding="utf-8")
