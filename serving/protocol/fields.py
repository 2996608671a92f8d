"""The fields of a request: what each may be, and what it does. From them come the checks of a
body, the description at /openapi.json, and the tables in the book."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

MOST_TEXTS = 128  # that one request asks for
MOST_STOPS = 16
MOST_LIKELY = 20
LARGEST_SEED = 2**64 - 1

Ids = list[int]


def _is_ids(value: object) -> bool:
    return isinstance(value, list) and all(type(one) is int and one >= 0 for one in value)


def _prompts(value: object) -> list[str | Ids | None]:
    """A prompt or several, as a list of them; one that is null is None."""
    if value is None:
        return [None]
    several = value if isinstance(value, list) and not _is_ids(value) else [value]
    if value == [] or not all(isinstance(one, str) or _is_ids(one) for one in several):
        raise ValueError("must be a text, token ids, or a list of such")
    if len(several) > MOST_TEXTS:
        raise ValueError(f"must have at most {MOST_TEXTS} prompts")
    return several


def _stops(value: object) -> list[str]:
    several = [] if value is None else [value] if isinstance(value, str) else value
    right = isinstance(several, list) and all(isinstance(one, str) and one for one in several)
    if not right or len(several) > MOST_STOPS:
        raise ValueError(f"must be a text or at most {MOST_STOPS}, none of them empty")
    return several


def _bias(value: object) -> dict[int, float]:
    bias = {} if value is None else value
    if not isinstance(bias, dict) or not all(
        _ID.fullmatch(key) and type(number) in (int, float) and -100 <= number <= 100
        for key, number in bias.items()
    ):
        raise ValueError("must be an object of token ids and numbers from -100 to 100")
    return {int(key): float(number) for key, number in bias.items()}


_ID = re.compile("0|[1-9][0-9]{0,8}")
_NULL = {"type": "null"}
_TEXT = {"type": "string", "minLength": 1}
_IDS = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}
_ONE = [_TEXT, _IDS]
Prompts = Annotated[
    Any,
    PlainValidator(_prompts),
    WithJsonSchema(
        {
            "anyOf": [
                *_ONE,
                {
                    "type": "array",
                    "items": {"anyOf": _ONE},
                    "minItems": 1,
                    "maxItems": MOST_TEXTS,
                },
                _NULL,
            ]
        }
    ),
]
Stops = Annotated[
    Any,
    PlainValidator(_stops),
    WithJsonSchema(
        {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "maxItems": MOST_STOPS}, _NULL]}
    ),
]
Bias = Annotated[
    Any,
    PlainValidator(_bias),
    WithJsonSchema(
        {
            "type": ["object", "null"],
            "propertyNames": {"pattern": f"^({_ID.pattern})$"},
            "additionalProperties": {"type": "number", "minimum": -100, "maximum": 100},
        }
    ),
]


def number(least: float, most: float, words: str) -> Any:  # noqa: ANN401
    """A field for a number, or null."""
    return Field(None, ge=least, le=most, allow_inf_nan=False, description=words)


def whole(least: int, most: int, words: str) -> Any:  # noqa: ANN401
    """A field for a whole number, or null."""
    return Field(None, ge=least, le=most, description=words)


class Fields(BaseModel):
    """What the bodies of all requests have in common: no field that nobody reads."""

    model_config = ConfigDict(extra="forbid", strict=True)


class StreamOptions(Fields):
    """Of a stream."""

    include_usage: bool | None = None
    include_obfuscation: Literal[False] | None = None


class Sampling(Fields):
    """How tokens are chosen, and where a text ends: the same for all ways to ask."""

    model: str = Field(description="The name of the model, as /v1/models has it.")
    temperature: float | None = number(0, 2, "Divides the logits; 0 takes the likeliest token.")
    top_p: float | None = number(0, 1, "Draws of the likeliest tokens that together have it.")
    top_k: int | None = whole(-1, 2**31 - 1, "Draws of so many tokens only; 0 or -1 of all.")
    min_p: float | None = number(0, 1, "Draws of tokens so many times as likely as the likeliest.")
    repetition_penalty: float | None = number(0.01, 100, "Above 1: less of what was there before.")
    frequency_penalty: float | None = number(
        -2, 2, "Is taken from a token's logit for each time it was written."
    )
    presence_penalty: float | None = number(
        -2, 2, "Is taken from a token's logit if it was written at all."
    )
    logit_bias: Bias = Field(
        None, validate_default=True, description="Is added to the logits of these ids."
    )
    seed: int | None = whole(
        -(2**63), LARGEST_SEED, "The same seed, the same bytes, whoever else is served."
    )
    stop: Stops = Field(None, validate_default=True, description="The text ends before these.")
    ignore_eos: bool | None = Field(None, description="Goes on where the text would end by itself.")
    n: int | None = whole(1, MOST_TEXTS, "So many texts for each prompt, of seed, seed + 1, ...")
    stream: bool | None = Field(None, description="Sends tokens as they come.")
    stream_options: StreamOptions | None = Field(
        None, description="include_usage: a last piece with the numbers of tokens."
    )
    user: str | None = Field(None, description="Is written into the log.")
    return_token_ids: bool | None = Field(
        None, description="Adds the ids of the prompt, of the chosen tokens, and of the likeliest."
    )


class Completion(Sampling):
    """A text to be continued."""

    prompt: Prompts = Field(description="A text, its token ids, or a list of such.")
    max_tokens: int | None = whole(0, 2**31 - 1, "So many tokens, 16 if it is left out.")
    echo: bool | None = Field(None, description="Puts the prompt before the text.")
    logprobs: int | None = whole(
        0, MOST_LIKELY, "Adds how likely each token was, and so many of the likeliest."
    )
    best_of: int | None = whole(
        1, MOST_TEXTS, "Writes so many texts, and answers with the n likeliest by the token."
    )
    suffix: None = Field(None, description="Refused: GPT-2 cannot see what follows.")
