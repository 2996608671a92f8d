"""Text that only says something, and does nothing to the terminal that shows it."""

import re
from typing import TextIO

# All of C0 but tab and line end, delete, C1, and what shows a text in another order.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def escaped(text: str, stream: TextIO) -> str:
    """A text for a stream, with its control characters spelled out if that is a terminal.

    A file or another program gets the text as it is.
    """
    if not stream.isatty():
        return text
    return CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
