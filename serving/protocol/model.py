"""The model as requests are checked against it, and the texts that they begin."""

import secrets

from gpt2.checkpoint.tokenizer import END_OF_TEXT, Tokenizer
from gpt2.text.options import Options
from serving.protocol.errors import Refused
from serving.protocol.fields import LARGEST_SEED, Ids, Sampling
from serving.protocol.spelling import Spelling
from serving.protocol.text import Text
from serving.request import new_request


class Model:
    """What a request is checked against.

    Attributes:
        name: what clients call it.
        tokenizer: its own.
        spell: how its tokens are spelled in answers.
        n_positions: how many tokens it sees.
    """

    def __init__(self, name: str, tokenizer: Tokenizer, vocab_size: int, n_positions: int) -> None:
        self.name = name
        self.tokenizer = tokenizer
        self.spell = Spelling(tokenizer)
        self._vocab_size = vocab_size
        self._longest = n_positions * max(map(len, tokenizer.vocabulary))  # prompt, in letters
        self.n_positions = n_positions

    def ids(self, prompt: str | Ids | None) -> Ids:
        """The ids of a prompt.

        Raises:
            Refused: it is empty, longer than the context, or no text of this vocabulary.
        """
        if prompt is None:
            prompt = [] if self.tokenizer.end_of_text is None else [self.tokenizer.end_of_text]
        if isinstance(prompt, str) and len(prompt) > self._longest:  # all would wait for its tokens
            letters = f"the prompt has {len(prompt)} characters"
            raise Refused(f"{letters}, and this model sees {self.n_positions} tokens", "prompt")
        ids = self.tokenizer.encode(prompt) if isinstance(prompt, str) else prompt
        if not ids:
            why = f"the prompt is empty: give it a first word, or {END_OF_TEXT}"
        elif (largest := max(ids)) >= self._vocab_size:
            why = f"there is no token {largest}: ids end at {self._vocab_size - 1}"
        elif len(ids) > self.n_positions:
            why = f"the prompt has {len(ids)} tokens, and this model sees {self.n_positions}"
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
            n_positions=self.n_positions,
            end_of_text=None if fields.ignore_eos else self.tokenizer.end_of_text,
            logit_bias=bias,
            top_logprobs=top_logprobs,
            echo=echo and top_logprobs is not None,
        )
        return Text(request, self.tokenizer, self.spell, most, echo)


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
