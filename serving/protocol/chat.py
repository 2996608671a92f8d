"""`/v1/chat/completions`: a conversation becomes a prompt, by the template of the checkpoint."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, create_model
from transformers.utils.chat_template_utils import render_jinja_template

from gpt2.checkpoint.json_file import read_object
from gpt2.checkpoint.tokenizer import END_OF_TEXT
from gpt2.errors import shortened
from serving.protocol.answer import Answer, ranked
from serving.protocol.errors import Refused
from serving.protocol.fields import MOST_LIKELY, Fields, Sampling, whole
from serving.protocol.model import Model, seeds
from serving.protocol.text import Piece, Text, Token

TEMPLATE_FILE = "chat_template.jinja"
TOKENIZER_CONFIG = "tokenizer_config.json"

REFUSED = {
    "audio": "this model writes text",
    "function_call": "it calls no functions",
    "functions": "it calls no functions",
    "metadata": "nothing is stored",
    "modalities": "this model writes text",
    "moderation": "nothing is moderated",
    "parallel_tool_calls": "it calls no functions",
    "prediction": "guesses are made by the engine",
    "prompt_cache_key": "beginnings are shared by what they say",
    "prompt_cache_options": "beginnings are shared by what they say",
    "prompt_cache_retention": "beginnings are shared while there is room",
    "reasoning_effort": "GPT-2 does not reason first",
    "response_format": "text is not forced into a form",
    "safety_identifier": "nobody is watched; user is written into the log",
    "service_tier": "there is one",
    "store": "nothing is stored",
    "tool_choice": "it calls no functions",
    "tools": "it calls no functions",
    "verbosity": "GPT-2 knows no such thing",
    "web_search_options": "it reaches no network",
}


class TextPart(Fields):
    """A part of a message."""

    type: Literal["text"]
    text: str


class Message(Fields):
    """What somebody said."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]
    name: str | None = None


class Chat(Sampling):
    """A conversation to be continued."""

    messages: list[Message] = Field(min_length=1, description="The conversation so far.")
    max_completion_tokens: int | None = whole(
        1, 2**31 - 1, "So many tokens; as many as there is room for, if it is left out."
    )
    max_tokens: int | None = whole(1, 2**31 - 1, "The same by its older name.")
    logprobs: bool | None = Field(None, description="Adds how likely each token was.")
    top_logprobs: int | None = whole(0, MOST_LIKELY, "With logprobs: so many of the likeliest.")


ChatCompletion = create_model(
    "ChatCompletion",
    __base__=Chat,
    **{name: (None, Field(None, description=f"Refused: {why}.")) for name, why in REFUSED.items()},
)


def read_template(folder: Path) -> str | None:
    """The chat template of a checkpoint, if it has one."""
    if (folder / TEMPLATE_FILE).is_file():
        return (folder / TEMPLATE_FILE).read_text(encoding="utf-8")
    if (folder / TOKENIZER_CONFIG).is_file():
        template = read_object(folder / TOKENIZER_CONFIG).get("chat_template")
        return template if isinstance(template, str) else None
    return None


def chat_texts(model: Model, template: str, fields: Chat) -> list[list[Text]]:
    """The texts that a request asks for: of one prompt.

    Raises:
        Refused: the template does not take these messages, or a field does not fit.
    """
    if fields.top_logprobs and not fields.logprobs:
        raise Refused("top_logprobs asks for more of logprobs: set that to true", "top_logprobs")
    conversation = [message.model_dump(exclude_none=True) for message in fields.messages]
    for message in conversation:
        if isinstance(message["content"], list):
            message["content"] = "".join(part["text"] for part in message["content"])
    try:
        [[prompt], _] = render_jinja_template(
            [conversation],
            chat_template=template,
            add_generation_prompt=True,
            bos_token=END_OF_TEXT,
            eos_token=END_OF_TEXT,
        )
    except Exception as error:  # a template may raise what it likes
        why = f"this model's chat template does not take these messages: {shortened(error)}"
        raise Refused(why, "messages") from error
    ids = model.ids(prompt)
    most = fields.max_completion_tokens or fields.max_tokens or model.n_positions
    top = (fields.top_logprobs or 0) if fields.logprobs else None
    own = seeds(fields, fields.n or 1)
    return [[model.text(ids, fields, most=most, seed=seed, top_logprobs=top) for seed in own]]


class ChatAnswer(Answer):
    """An answer in a conversation."""

    kind, part_kind, prefix = "chat.completion", "chat.completion.chunk", "chatcmpl"

    def choice(self, number: int, piece: Piece, *, whole: bool) -> dict[str, Any]:
        """A message, or a piece of it."""
        said: dict[str, Any] = {"content": piece.text}
        if whole or number not in self._begun:
            said = {"role": "assistant", **said}
            self._begun.add(number)
        choice = {
            "index": number,
            "message" if whole else "delta": said | ({"refusal": None} if whole else {}),
            "logprobs": None,
            "finish_reason": piece.finish_reason,
        }
        if self.fields.logprobs:
            choice["logprobs"] = {"content": [*map(self._told, piece.tokens)], "refusal": None}
        return choice | self._ids(piece)

    def _told(self, token: Token) -> dict[str, Any]:
        """A token, how likely it was, and the likeliest."""
        likeliest = ranked(token)[: self.fields.top_logprobs or 0]
        top = [self._spelled(one, value) for one, value in likeliest]
        return self._spelled(token.id, token.logprob) | {"top_logprobs": top}

    def _spelled(self, token: int, logprob: float | None) -> dict[str, Any]:
        own_bytes = list(self._model.spell.bytes_of(token))
        return {"token": self._model.spell(token), "logprob": logprob, "bytes": own_bytes}
