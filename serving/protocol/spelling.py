"""Tokens as OpenAI's protocol spells them."""

from functools import cached_property

from gpt2.checkpoint.tokenizer import Tokenizer

REPLACEMENT = "\ufffd"  # stands for bytes that are no character


class Spelling:
    """Spells each token of a vocabulary so that no two look the same."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def __call__(self, token: int) -> str:
        """Its text; of one that is a part of a character, its bytes: `bytes:\\xe2\\x80`."""
        text = self._tokenizer.decode([token])
        if REPLACEMENT in text and token in self._letters:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in self.bytes_of(token))
        return text

    def bytes_of(self, token: int) -> bytes:
        """The bytes that it stands for."""
        text = self._tokenizer.decode([token])
        if REPLACEMENT not in text:
            return text.encode()
        return bytes(BYTES.get(letter, 0) for letter in self._letters.get(token, ""))

    @cached_property
    def _letters(self) -> dict[int, str]:
        return {token: letters for letters, token in self._tokenizer.vocabulary.items()}


def _bytes() -> dict[str, int]:
    """The byte that each letter of a byte-level vocabulary stands for.

    Those that print stand for themselves; the others, in their order, for letters from 256 on.
    Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), the
    released encoder.
    """
    printing = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printing]
    return {chr(byte): byte for byte in printing} | {
        chr(256 + place): byte for place, byte in enumerate(others)
    }


BYTES = _bytes()
