"""The one kind of error that the command line shows without a traceback, and values in it."""

LONGEST = 140  # characters of a value in a message


class UserError(Exception):
    """A mistake that the user can mend: says what was wrong, with the value, and what to do."""


def shortened(value: object, longest: int = LONGEST) -> str:
    """A value as a message shows it: on one line, and without its middle if it is long.

    What is not printable is escaped as in Python: it might be meant for the terminal.
    """
    text = _without_middle(str(value), longest)
    printable = (c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return _without_middle("".join(printable), longest)


def _without_middle(text: str, longest: int) -> str:
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}"
