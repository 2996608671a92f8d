"""Text to token ids and back, by the files of a checkpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenizers import AddedToken, ByteLevelBPETokenizer
from tokenizers import Tokenizer as Encoding
from tokenizers.decoders import DecodeStream

from gpt2.checkpoint.locate import TOKENIZER_FILE, VOCABULARY_FILES
from gpt2.errors import UserError, shortened

END_OF_TEXT = "<|endoftext|>"


@contextmanager
def _translate_errors(message: str = "the tokenizer gives up on this text") -> Iterator[None]:
    """Makes a UserError of an error of the library: the message, and what the library says."""
    try:
        yield
    except (UserError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # its errors are bare Exceptions, its panics not even that
        raise UserError(f"{message}: {shortened(error)}") from error


class Tokenizer:
    """A checkpoint's vocabulary, by Hugging Face's tokenizers library."""

    def __init__(self, folder: Path) -> None:
        """Reads tokenizer.json or, where there is none, vocab.json and merges.txt.

        Raises:
            UserError: the files cannot be read, or hold no tokens.
        """
        with _translate_errors(f"the tokenizer files in {shortened(folder)} cannot be read"):
            if (folder / TOKENIZER_FILE).is_file():
                self._encoding = Encoding.from_file(str(folder / TOKENIZER_FILE))
            else:
                vocabulary, merges = (str(folder / name) for name in VOCABULARY_FILES)
                self._encoding = ByteLevelBPETokenizer.from_file(vocabulary, merges)._tokenizer
                if self._encoding.token_to_id(END_OF_TEXT) is not None:
                    self._encoding.add_special_tokens([AddedToken(END_OF_TEXT, special=True)])
        # A file may ask for both, for training; a prompt is seen as it is.
        self._encoding.no_truncation()
        self._encoding.no_padding()
        ids = self.vocabulary.values()
        if not ids:
            raise UserError(f"the tokenizer files in {shortened(folder)} hold no tokens")
        self.vocab_size: int = len(ids)
        self._largest_id = max(ids)
        self.end_of_text: int | None = self._encoding.token_to_id(END_OF_TEXT)

    @property
    def vocabulary(self) -> dict[str, int]:
        """The id of each token, by the token's spelling."""
        return self._encoding.get_vocab()

    def check(self, vocab_size: int, folder: Path) -> None:
        """Makes sure that the model of this folder knows every token.

        Raises:
            UserError: the tokenizer has ids beyond those of the model.
        """
        if self._largest_id >= vocab_size:
            raise UserError(
                f"{shortened(folder)}: the tokenizer has ids up to {self._largest_id}, "
                f"the model only {vocab_size} tokens"
            )

    @_translate_errors()
    def encode(self, text: str) -> list[int]:
        """The ids of a text.

        Raises:
            UserError: the vocabulary cannot spell the text (it is one of whole words).
        """
        try:
            return self._encoding.encode(text, add_special_tokens=False).ids
        except Exception as error:
            words = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
            raise UserError(
                f"this model has no tokens for {shortened(repr(text))}; "
                f"it knows: {shortened(' '.join(words[:20]))}"
            ) from error

    def encode_prompt(self, prompt: str) -> list[int]:
        """The ids of a prompt; of `<|endoftext|>`, where text begins, if it is empty.

        Raises:
            UserError: the vocabulary cannot spell it, or it is empty and has nothing to begin with.
        """
        if ids := self.encode(prompt):
            return ids
        if self.end_of_text is None:
            raise UserError(
                f"the prompt is empty, and this model has no {END_OF_TEXT} to start from: "
                "give it a first word"
            )
        return [self.end_of_text]

    @_translate_errors()
    def decode(self, ids: list[int]) -> str:
        """The text of ids, special tokens included."""
        return self._encoding.decode(ids, skip_special_tokens=False)

    def stream(self, prompt: list[int]) -> "TextStream":
        """Decodes what follows a prompt, a token at a time."""
        return TextStream(self._encoding, prompt)


class TextStream:
    """Turns one id after another into pieces of text.

    A character may be spread over several tokens, and a token's text may depend on the one
    before it (the space between words); a piece comes out when it is certain.
    """

    def __init__(self, encoding: Encoding, prompt: list[int]) -> None:
        self._encoding = encoding
        self._decoder = DecodeStream(ids=prompt, skip_special_tokens=False)
        self._held_back: list[int] = []  # ids whose text is not certain yet

    @_translate_errors()
    def push(self, token: int) -> str:
        """The text that is certain now that this token is there; may be empty."""
        self._held_back.append(token)
        piece = self._decoder.step(self._encoding, token) or ""
        if piece:
            self._held_back.clear()
        return piece

    @_translate_errors()
    def finish(self) -> str:
        """What is left at the end: a character that lacks bytes shows as U+FFFD."""
        return self._encoding.decode(self._held_back, skip_special_tokens=False)
