"""How this process uses MAX. Importing this module does it; do so before importing MAX."""

import logging
import os
import signal
import sys
import threading
from functools import cache
from types import FrameType
from typing import NoReturn

from gpt2.errors import UserError


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _avoid_slow_event_loops() -> None:
    """Makes eager operations on Python older than 3.13 a hundred times faster.

    Each of them calls asyncio.run, which replaces the default handler of Ctrl-C by its own,
    and signal.getsignal then describes the tensor at hand with hundreds of further operations.
    A handler that is not the default one is left alone. This one does the same as the default.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if sys.version_info < (3, 13) and in_main_thread and is_default:
        signal.signal(signal.SIGINT, _interrupt)


@cache
def _process_of_max() -> int:
    """The process in which a model was first loaded."""
    return os.getpid()


def refuse_forks() -> None:
    """Has a model's calls fail in a forked process, where they would wait for ever.

    Raises:
        UserError: an earlier call was in a process that this one was forked from.
    """
    if os.getpid() != _process_of_max():
        raise UserError(
            "MAX runs no model in a process that was forked after one was loaded: start "
            'processes by multiprocessing.get_context("spawn"), and load the model in each'
        )


# Eager operations run from kernels compiled once per machine, not once per change of a graph.
os.environ.setdefault("MAX_EAGER_EXECUTOR", "interpreter")
# MAX advises to compile a thousand kernels ahead; the few that GPT-2 needs come by themselves.
logging.getLogger("max._eager_policy").setLevel(logging.ERROR)
_avoid_slow_event_loops()
