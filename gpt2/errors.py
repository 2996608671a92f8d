"""The one kind of error that the command line shows without a traceback."""


class UserError(Exception):
    """A mistake that the user can mend: says what was wrong, with the value, and what to do."""
