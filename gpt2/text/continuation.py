"""One text in the making: it chooses its tokens, decodes them, and knows where it ends."""

import numpy as np

from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.text.options import Options
from gpt2.text.sampling import choose, log_softmax
from gpt2.text.stopping import StopStrings

STOP = "stop"
LENGTH = "length"


class Continuation:
    """What follows a prompt.

    Attributes:
        ids: the tokens of the prompt and of what follows it.
        prompt_length: how many of them are the prompt's.
        new_ids: those that follow it.
        log_probabilities: of each of them, if asked for, by the model's own distribution before
            any strategy.
        text: what follows the prompt, as far as it is certain.
        finish_reason: None until the text ends; `stop` at a stop string or token, `length`
            after max_new_tokens.
        rng: the source of this text's randomness.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        prompt: list[int],
        options: Options,
        seed: int | None,
        ends: bool = True,
    ) -> None:
        """Begins behind a prompt of at least one id.

        seed: instead of the options' own; ends: whether the token that ends texts ends this one.
        """
        self.ids = list(prompt)
        self.prompt_length = len(prompt)
        self.new_ids: list[int] = []
        self.log_probabilities: list[float] = []
        self.text = ""
        self.finish_reason: str | None = None
        self.rng = np.random.default_rng(seed)
        self.options = options
        self._stop_tokens = {*options.stop_tokens, *([tokenizer.end_of_text] if ends else [])}
        self._stream = tokenizer.stream(self.ids)
        self._stops = StopStrings(options.stop)

    def choose(self, logits: np.ndarray) -> int:
        """The next token, of which the model says logits `[vocab_size]`."""
        return choose(logits, self.ids, self.options, self.rng, self.prompt_length)

    def push(self, token: int, logits: np.ndarray | None = None) -> str:
        """Takes a token that was chosen, and returns the text that it makes certain.

        Args:
            token: its id.
            logits: what the model said of it, `[vocab_size]`, for the log-probabilities.
        """
        if token in self._stop_tokens:
            self.finish_reason = STOP
            piece = self._held_back()
        else:
            self.ids.append(token)
            self.new_ids.append(token)
            if self.options.log_probabilities and logits is not None:
                self.log_probabilities.append(float(log_softmax(logits)[token]))
            piece = self._stops.push(self._stream.push(token))
            if self._stops.stopped:
                self.finish_reason = STOP
            elif len(self.new_ids) == self.options.max_new_tokens:
                self.finish_reason = LENGTH
                piece += self._held_back()
        self.text += piece
        return piece

    def end(self) -> str:
        """Ends it for lack of room, and returns the text that this makes certain."""
        self.finish_reason = LENGTH
        piece = self._held_back()
        self.text += piece
        return piece

    def _held_back(self) -> str:
        """What is not certain yet, and will become nothing else any more."""
        return self._stops.push(self._stream.finish()) + self._stops.finish()
