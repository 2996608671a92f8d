"""Stop strings, wherever the text is cut into pieces."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gpt2.text.stopping import StopStrings

TEXTS = st.text("ab\n", max_size=30)
STOPS = st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3)


def cut(text: str, stops: list[str]) -> str:
    """The text before the stop string that is complete first, character by character."""
    for end in range(1, len(text) + 1):
        complete = [stop for stop in stops if text[:end].endswith(stop)]
        if complete:
            return text[: end - max(map(len, complete))]
    return text


@given(TEXTS, STOPS, st.lists(st.integers(0, 30), max_size=8))
def test_the_pieces_make_no_difference(text, stops, borders):
    places = [0, *sorted(border for border in borders if border <= len(text)), len(text)]
    watch = StopStrings(stops)
    shown = [watch.push(text[a:b]) for a, b in itertools.pairwise(places)]
    assert "".join(shown) + watch.finish() == cut(text, stops)
    assert watch.stopped == any(stop in text for stop in stops)


def test_text_that_cannot_be_a_stop_string_is_shown_at_once():
    watch = StopStrings(["\n\n"])
    assert watch.push("To be") == "To be"
    assert watch.push("\n") == ""
    assert watch.push("or not") == "\nor not"
    assert watch.push("\n") + watch.push("\nROMEO:") == ""
    assert watch.stopped
