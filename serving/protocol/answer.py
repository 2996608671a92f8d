"""What the answers of both paths have in common, whole and in pieces."""

import secrets
import time
from abc import ABC, abstractmethod
from typing import Any

from serving.protocol.fields import Sampling
from serving.protocol.model import Model
from serving.protocol.text import Piece, Text, Token


class Answer(ABC):
    """An answer to one request, whose fields it keeps."""

    kind: str
    part_kind: str
    prefix: str  # of its id

    def __init__(self, model: Model, fields: Sampling) -> None:
        self._model = model
        self.fields = fields
        self._begun: set[int] = set()  # the texts of which a piece was sent
        self._id = f"{self.prefix}-{secrets.token_hex(12)}"
        self._created = int(time.time())

    def whole(self, prompts: list[list[Text]], pieces: list[Piece]) -> dict[str, Any]:
        """The answer, of pieces that are whole texts, in the order of the prompts' texts."""
        left, chosen = iter(pieces), []
        for texts in prompts:
            own = [next(left) for _ in texts]
            chosen += best(texts, own, self.fields.n or 1)
        choices = [self.choice(number, piece, whole=True) for number, piece in enumerate(chosen)]
        return self._with(self.kind, choices) | {"usage": usage(prompts)}

    def part(self, number: int, piece: Piece) -> dict[str, Any]:
        """A piece of a stream."""
        return self._with(self.part_kind, [self.choice(number, piece, whole=False)])

    @property
    def tells_usage(self) -> bool:
        """Whether the numbers of tokens end a stream."""
        options = self.fields.stream_options
        return bool(options and options.include_usage)

    def last(self, prompts: list[list[Text]]) -> dict[str, Any]:
        """The last piece of a stream."""
        return self._with(self.part_kind, []) | {"usage": usage(prompts)}

    @abstractmethod
    def choice(self, number: int, piece: Piece, *, whole: bool) -> dict[str, Any]:
        """A text, or a piece of it."""

    def _with(self, kind: str, choices: list[dict]) -> dict[str, Any]:
        head = {"id": self._id, "object": kind, "created": self._created}
        return {**head, "model": self._model.name, "choices": choices}

    def _ids(self, piece: Piece) -> dict[str, list[int]]:
        if not self.fields.return_token_ids:
            return {}
        ids = {"token_ids": [token.id for token in piece.tokens]}
        return ids if piece.prompt_ids is None else ids | {"prompt_token_ids": piece.prompt_ids}


def ranked(token: Token) -> list[tuple[int, float]]:
    """The likeliest tokens in a token's place and their log-probabilities, the likeliest first."""
    return sorted((token.top or {}).items(), key=lambda item: (-item[1], item[0]))


def usage(prompts: list[list[Text]]) -> dict[str, Any]:
    """How many tokens were read and written."""
    read = sum(texts[0].request.prompt_length for texts in prompts)
    written = sum(text.written for texts in prompts for text in texts)
    cached = sum(texts[0].cached for texts in prompts)
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def best(texts: list[Text], pieces: list[Piece], count: int) -> list[Piece]:
    """The count likeliest texts by the token, the likeliest first; or all, as they are."""
    if count == len(texts):
        return pieces
    by_token = [text.logprob / max(text.written, 1) for text in texts]
    order = sorted(range(len(texts)), key=lambda place: -by_token[place])
    return [pieces[place] for place in order[:count]]
