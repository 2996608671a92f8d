"""One text as the server's process follows it: tokens come in, pieces of an answer go out."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from max.pipelines.context import LogProbabilities, TextGenerationOutput

from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.text.continuation import Continuation
from serving.protocol.spelling import Spelling
from serving.request import Request
from serving.worker import Worker


@dataclass
class Token:
    """A token of an answer.

    Attributes:
        id: which.
        place: where its text begins, in characters.
        logprob: how likely it was; None for the first of a prompt, or where nobody asked.
        top: how likely others were, by their ids.
    """

    id: int
    place: int
    logprob: float | None = None
    top: dict[int, float] | None = None


@dataclass
class Piece:
    """What an answer grows by; the first of a text has the ids of its prompt."""

    text: str = ""
    prompt_ids: list[int] | None = None
    tokens: list[Token] = field(default_factory=list)
    finish_reason: str | None = None


class Text:
    """A text that is being written.

    Attributes:
        request: what the model's process knows of it.
        written: how many tokens were written.
        cached: how many of the prompt's were not read, for their pages were there.
        logprob: the sum of the log-probabilities of what was written, where asked for.
    """

    def __init__(
        self, request: Request, tokenizer: Tokenizer, spell: Spelling, most: int, echo: bool
    ) -> None:
        """Has yet to be written.

        Args:
            request: what the model's process gets to know.
            tokenizer: turns tokens into text.
            spell: turns each into a text of its own.
            most: how many tokens to write; the model's process writes one even if it is none.
            echo: whether the prompt comes first.
        """
        ids = request.tokens.prompt.tolist()
        self.request = request
        self.written = 0
        self.cached = 0
        self.logprob = 0.0
        self._most = most
        self._spell = spell
        self._prompt = tokenizer.decode(ids)
        self._place = len(self._prompt)
        self._echo = echo
        self._prompt_ids: list[int] | None = ids
        ends = bool(request.eos_tracker.eos_token_ids)
        self._continuation = Continuation(tokenizer, ids, request.options, seed=0, ends=ends)

    async def pieces(self, worker: Worker) -> AsyncIterator[Piece]:
        """Writes it. Who stops asking ends it."""
        async with contextlib.aclosing(worker.stream(self.request)) as stream:
            async for outputs in stream:
                piece = self._take(outputs)
                yield piece
                if piece.finish_reason:
                    break

    def _take(self, outputs: list[TextGenerationOutput]) -> Piece:
        piece = Piece(prompt_ids=self._prompt_ids)
        self._prompt_ids = None
        for output in outputs:
            self.cached = output.num_cached_tokens or self.cached
            known = output.log_probabilities or []
            if self._echo:
                self._echo = False
                piece.text = self._prompt
                piece.tokens = self._prompt_tokens(known[: -len(output.tokens)])
            own = known[-len(output.tokens) :] or [None] * len(output.tokens)
            for token, likely in zip(output.tokens, own, strict=True):
                if self._continuation.finish_reason is None:
                    self._push(piece, token, likely)
            if output.is_done and self._continuation.finish_reason is None:
                piece.text += self._continuation.end()
        piece.finish_reason = self._continuation.finish_reason
        return piece

    def _push(self, piece: Piece, token: int, likely: LogProbabilities | None) -> None:
        if self.written == self._most:
            piece.text += self._continuation.end()
            return
        piece.text += self._continuation.push(token)
        self.written += 1  # the token that ends the text, too: it was chosen, and has no letters
        piece.tokens.append(self._token(token, likely))
        self.logprob += piece.tokens[-1].logprob or 0.0

    def _prompt_tokens(self, known: list[LogProbabilities]) -> list[Token]:
        """Those of the prompt; of the first nobody knows how likely it was."""
        self._place = 0
        first, *others = self.request.tokens.prompt.tolist()
        likely = known or [None] * len(others)
        return [self._token(first), *map(self._token, others, likely)]

    def _token(self, token: int, likely: LogProbabilities | None = None) -> Token:
        place = self._place
        spelled = self._spell(token)
        self._place += 0 if spelled.startswith("bytes:") else len(spelled)
        if likely is None:
            return Token(token, place)
        [logprob], [top] = likely.token_log_probabilities, likely.top_log_probabilities
        return Token(token, place, logprob, {token: logprob} | top)
