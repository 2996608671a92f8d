"""Talking to the person at the terminal, on standard error, away from the text."""

import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from gpt2.escapes import escaped

Result = TypeVar("Result")

console = Console(stderr=True, highlight=False)

COMPILING = (
    "Compiling the model for this machine, only this once: a minute or two, for a GPU several."
)
SHORT_WAIT = 3.0  # seconds; whoever waits longer wants to know why


def run_visibly(work: Callable[[], Result], short: str, long: str) -> Result:
    """Runs work while a moving line says what is going on.

    The work has a thread of its own, so that Ctrl-C ends the wait at once, even inside a
    compiler that does not listen.

    Args:
        work: what to do.
        short: what the line says at first.
        long: what it says after SHORT_WAIT seconds, with the seconds behind it; where there is
            no terminal, that is said once.
    """
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)

    began = time.monotonic()
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    told = console.is_terminal
    with console.status(Text(escaped(short, sys.stderr))) as status:
        while thread.is_alive():
            thread.join(0.2)
            waited = time.monotonic() - began
            if waited > SHORT_WAIT:
                status.update(Text(f"{long} {waited:.0f} s"))
                if not told:
                    told = True
                    note(long)
    if failure:
        raise failure[0]
    return outcome[0]


def note(message: str) -> None:
    """A remark that is not part of the text."""
    console.print(escaped(message, sys.stderr), style="dim", markup=False, soft_wrap=True)


def complain(message: str) -> None:
    """What went wrong, in the form of every Unix program."""
    print(f"gpt2: {escaped(message, sys.stderr)}", file=sys.stderr)


def write(text: str) -> None:
    """Text to standard output, seen at once."""
    sys.stdout.write(escaped(text, sys.stdout))
    sys.stdout.flush()
