"""The process around a command: its standard streams, and the signals that end it."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, TextIO

from gpt2.errors import UserError


def prepare_streams() -> None:
    """Makes no traceback of a stream that is closed, cannot be written, or lacks a character."""
    # Those that the caller closed (`2>&-`), before another file takes their numbers.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115
    _guard(sys.stdout, _end_without_output)
    _guard(sys.stderr, lambda error: None)  # nobody is left to be told


def end_on_signals() -> None:
    """Has SIGTERM and SIGHUP unwind the program as Ctrl-C does, unless `nohup` forbids it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None = None) -> NoReturn:
    raise SystemExit(128 + number)  # what a shell says of a program that the signal ended


def _end_without_output(error: OSError) -> NoReturn:
    if isinstance(error, BrokenPipeError):  # its reader has seen enough: `gpt2 generate | head`
        _end(signal.SIGPIPE)
    raise UserError(f"standard output cannot be written: {error.strerror}") from error


def _guard(stream: TextIO, answer: Callable[[OSError], None]) -> None:
    """Gives a stream an answer to errors."""
    stream.reconfigure(errors="backslashreplace", line_buffering=True)
    for name in ("write", "flush"):
        setattr(stream, name, _guarded(getattr(stream, name), answer))


def _guarded(
    action: Callable[..., object], answer: Callable[[OSError], None]
) -> Callable[..., object]:
    def guarded(*arguments: str) -> object:
        try:
            return action(*arguments)
        except OSError as error:
            return answer(error)

    return guarded
