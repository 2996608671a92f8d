"""How this process uses MAX. Importing this module does it; do so before importing MAX."""

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn


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


# Eager operations run from kernels compiled once per machine, not once per change of a graph.
os.environ.setdefault("MAX_EAGER_EXECUTOR", "interpreter")
# MAX advises to compile a thousand kernels ahead; the few that GPT-2 needs come by themselves.
logging.getLogger("max._eager_policy").setLevel(logging.ERROR)
_avoid_slow_event_loops()
