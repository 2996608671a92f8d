"""`/v1/completions`: from the fields of a request to texts, and from texts to an answer."""

import secrets
import time
from typing import Any

from gpt2.checkpoint.tokenizer import END_OF_TEXT, Tokenizer
from gpt2.text.options import Options
from serving.protocol.errors import Refused
from serving.protocol.fields import LARGEST_SEED, Completion, Ids, Sampling
from serving.protocol.spelling import Spelling
from serving.protocol.text import Piece, Text, Token
from serving.request import new_request

DEFAULT_TOKENS = 16  # OpenAI's


class Model:
    """What a request is checked against.

    Attributes:
        name: what clients call it.
    """

    def __init__(self, name: str, tokenizer: Tokenizer, vocab_size: int, n_positions: int) -> None:
        self.name = name
        self.tokenizer = tokenizer
        self.spell = Spelling(tokenizer)
        self._vocab_size = vocab_size
        self._n_positions = n_positions

    def ids(self, prompt: str | Ids | None) -> Ids:
        """The ids of a prompt.

        Raises:
            Refused: it is empty, longer than the context, or no text of this vocabulary.
        """
        if prompt is None:
            prompt = [] if self.tokenizer.end_of_text is None else [self.tokenizer.end_of_text]
        ids = self.tokenizer.encode(prompt) if isinstance(prompt, str) else prompt
        if not ids:
            why = f"the prompt is empty: give it a first word, or {END_OF_TEXT}"
        elif (largest := max(ids)) >= self._vocab_size:
            why = f"there is no token {largest}: ids end at {self._vocab_size - 1}"
        elif len(ids) > self._n_positions:
            why = f"the prompt has {len(ids)} tokens, and this model sees {self._n_positions}"
        else:
            return ids
        raise Refused(why, "prompt")

    def text(
        self,
        ids: Ids,
        fields: Sampling,
        *,
        most: int,
        seed: int,
        top_logprobs: int | None = None,
        echo: bool = False,
    ) -> Text:
        """A text that begins with ids, and that at most so many tokens are written of."""
        bias = fields.logit_bias
        if any(token >= self._vocab_size for token in bias):
            raise Refused(f"logit_bias: there is no token {max(bias)}", "logit_bias")
        request = new_request(
            ids,
            sampling_options(fields, most, seed),
            n_positions=self._n_positions,
            end_of_text=self.tokenizer.end_of_text,
            logit_bias=bias,
            top_logprobs=top_logprobs,
            echo=echo,
        )
        return Text(request, self.tokenizer, self.spell, most)


def sampling_options(fields: Sampling, most: int, seed: int) -> Options:
    """The options of the engine; what was left out, or null, has OpenAI's default."""
    given = {
        "temperature": fields.temperature,
        "top_p": fields.top_p,
        "top_k": None if fields.top_k is None else max(fields.top_k, 0),
        "min_p": fields.min_p,
        "repetition_penalty": fields.repetition_penalty,
        "frequency_penalty": fields.frequency_penalty,
        "presence_penalty": fields.presence_penalty,
    }
    return Options(
        max_new_tokens=max(most, 1),
        seed=seed,
        stop=tuple(fields.stop),
        **{name: value for name, value in given.items() if value is not None},
    )


def seeds(fields: Sampling, count: int) -> list[int]:
    """Those of the texts of a prompt: the one that was asked for and those behind it, or any."""
    first = secrets.randbits(63) if fields.seed is None else fields.seed
    return [(first + number) & LARGEST_SEED for number in range(count)]


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


class Answer:
    """What the answer and the pieces of a stream have in common."""

    object = "text_completion"

    def __init__(self, model: Model, fields: Completion) -> None:
        self._model = model
        self._fields = fields
        self._head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": self.object,
            "created": int(time.time()),
            "model": model.name,
        }

    def whole(self, prompts: list[list[Text]], pieces: list[Piece]) -> dict[str, Any]:
        """The answer, of pieces that are whole texts."""
        left, chosen = iter(pieces), []
        for texts in prompts:
            own = [next(left) for _ in texts]
            chosen += best(texts, own, self._fields.n or 1)
        choices = [self.choice(number, piece) for number, piece in enumerate(chosen)]
        return {**self._head, "choices": choices, "usage": usage(prompts)}

    def part(self, number: int, piece: Piece) -> dict[str, Any]:
        """A piece of a stream."""
        return {**self._head, "choices": [self.choice(number, piece)]}

    @property
    def tells_usage(self) -> bool:
        """Whether the numbers of tokens end a stream."""
        options = self._fields.stream_options
        return bool(options and options.include_usage)

    def last(self, prompts: list[list[Text]]) -> dict[str, Any]:
        """The last piece of a stream."""
        return {**self._head, "choices": [], "usage": usage(prompts)}

    def choice(self, number: int, piece: Piece) -> dict[str, Any]:
        """A text, or a piece of it."""
        choice = {
            "index": number,
            "text": piece.text,
            "logprobs": None,
            "finish_reason": piece.finish_reason,
        }
        if self._fields.logprobs is not None:
            choice["logprobs"] = self._logprobs(piece.tokens)
        if self._fields.return_token_ids:
            choice["token_ids"] = [token.id for token in piece.tokens]
        return choice

    def _logprobs(self, tokens: list[Token]) -> dict[str, list]:
        spell = self._model.spell
        tops = [token.top and sorted(token.top.items(), key=_rank) for token in tokens]
        told = {
            "tokens": [spell(token.id) for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "top_logprobs": [top and {spell(one): value for one, value in top} for top in tops],
            "text_offset": [token.place for token in tokens],
        }
        if self._fields.return_token_ids:
            told["top_token_ids"] = [top and [one for one, _ in top] for top in tops]
        return told


def _rank(item: tuple[int, float]) -> tuple[float, int]:
    token, logprob = item
    return -logprob, token


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
    """Those of the texts that are likeliest by the token, the likeliest first."""
    if count == len(texts):
        return pieces
    order = sorted(
        range(len(texts)), key=lambda place: -texts[place].logprob / max(texts[place].written, 1)
    )
    return [pieces[place] for place in order[:count]]
