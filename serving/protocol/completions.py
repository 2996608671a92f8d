"""`/v1/completions`: texts are continued."""

from typing import Any

from serving.protocol.answer import Answer, ranked
from serving.protocol.errors import Refused
from serving.protocol.fields import MOST_TEXTS, Completion
from serving.protocol.model import Model, seeds
from serving.protocol.text import Piece, Text, Token

DEFAULT_TOKENS = 16  # OpenAI's


def texts(model: Model, fields: Completion) -> list[list[Text]]:
    """The texts that a request asks for, of each prompt in a list of its own.

    Raises:
        Refused: a field does not fit the model, or another field.
    """
    wanted = fields.n or 1
    count = fields.best_of or wanted
    if count < wanted:
        raise Refused(f"best_of is {count}, and n {wanted}: it must not be smaller", "best_of")
    if fields.stream and count > wanted:
        raise Refused("best_of: the best is known at the end, so not in a stream", "best_of")
    if (together := len(fields.prompt) * count) > MOST_TEXTS:
        raise Refused(f"{together} texts are too many: one request may ask for {MOST_TEXTS}", "n")
    most = DEFAULT_TOKENS if fields.max_tokens is None else fields.max_tokens
    logprobs = 0 if fields.logprobs is None and count > wanted else fields.logprobs
    return [
        [
            model.text(
                ids, fields, most=most, seed=seed, top_logprobs=logprobs, echo=bool(fields.echo)
            )
            for seed in seeds(fields, count)
        ]
        for ids in map(model.ids, fields.prompt)
    ]


class CompletionAnswer(Answer):
    """Texts that were continued."""

    kind = part_kind = "text_completion"
    prefix = "cmpl"

    def choice(self, number: int, piece: Piece, *, whole: bool) -> dict[str, Any]:
        """A text, or a piece of it: they look the same."""
        choice = {
            "index": number,
            "text": piece.text,
            "logprobs": None,
            "finish_reason": piece.finish_reason,
        }
        if self.fields.logprobs is not None:
            choice["logprobs"] = self._logprobs(piece.tokens)
        return choice | self._ids(piece)

    def _logprobs(self, tokens: list[Token]) -> dict[str, list]:
        spell = self._model.spell
        tops = [token.top and ranked(token) for token in tokens]
        told = {
            "tokens": [spell(token.id) for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "top_logprobs": [top and {spell(one): value for one, value in top} for top in tops],
            "text_offset": [token.place for token in tokens],
        }
        if self.fields.return_token_ids:
            told["top_token_ids"] = [top and [one for one, _ in top] for top in tops]
        return told
