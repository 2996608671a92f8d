"""The process that runs the code of steps, the reader's or ours. What comes of it leaves as data.

Requests and answers are lines of JSON, `{"trial": ID, ...}`: the number of a trial, which its code
cannot know. `"begin": [8, source, path, right, is_readers]` begins one; `"key": "loads"` asks for
an outcome, which comes with its key. In between come `"printed"`, and `"kernel"`: true before each
of MAX's kernels is there, then false.
"""

import gpt2.runtime  # noqa: F401  # isort: skip
import contextlib
import contextvars
import faulthandler
import functools
import io
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from course.faults import raised
from course.files import NUMBERS, TENSORS
from course.lessons import lesson
from course.loader import provide_steps
from course.outcomes import encode, words
from course.trials.trial import Trial
from gpt2.errors import UserError

LONGEST_PRINT = 2000  # characters


class Printed(io.TextIOBase):
    """What the code prints: it is passed on at once, up to a length."""

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._left = LONGEST_PRINT

    def write(self, text: str) -> int:
        if self._left > 0:
            more = "\n..." if len(text) > self._left else ""
            self._send(printed=words(text)[: self._left] + more)
            self._left -= len(text)
        return len(text)


def serve(connection: socket.socket, tensors: bool) -> NoReturn:
    """Answers requests until the process is ended; tensors: about steps that need MAX, too."""
    faulthandler.enable(all_threads=False)  # after a crash, standard error has its line
    faulthandler.register(signal.SIGURG, all_threads=False)  # or when asked; MAX leaves it alone
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(ValueError):  # there may be a lower limit
        resource.setrlimit(resource.RLIMIT_DATA, (memory * 3 // 4, memory * 3 // 4))
    os.register_at_fork(after_in_child=lambda: os.close(connection.detach()))
    trials: dict[int, tuple[Trial, Printed, contextvars.Context]] = {}
    current = None

    def answer(**content: object) -> None:
        try:
            connection.sendall(json.dumps({"trial": current, **content}).encode() + b"\n")
        except OSError:  # the code has closed it
            os._exit(os.EX_IOERR)

    def told_kernel(busy: bool) -> None:
        answer(kernel=busy)

    if tensors:
        load_max(told_kernel)
    for number in NUMBERS:  # while nobody waits; a trial may hide from steps what lessons need
        if tensors or number not in TENSORS:
            lesson(number)
    answer(ready=True)
    for line in connection.makefile("rb"):
        request = json.loads(line)
        current = request["trial"]
        if "begin" in request:
            number, source, path, right, is_readers = request["begin"]
            it = lesson(number)
            trial = Trial(it, source, Path(path), right, is_readers, told_kernel)
            trials[current] = trial, Printed(answer), contextvars.copy_context()
            continue
        trial, printed, context = trials[current]
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                outcome = encode(context.run(trial.__getitem__, request["key"]))
            except BaseException as error:  # a value of the code's that is no JSON
                outcome = encode(raised(error, trial.path))
        answer(key=request["key"], outcome=outcome)
    os._exit(0)


def load_max(compiling: Callable[[bool], None]) -> None:
    """Loads all that checks need, while nobody waits; has each of MAX's kernels announced."""
    from max.engine import InferenceSession

    from gpt2.engine.folders import max_folder

    try:
        max_folder()
    except UserError as error:
        sys.exit(" ".join(str(error).splitlines()))
    import course.subject  # noqa: F401

    provide_steps(())
    load_all = InferenceSession.load_all

    @functools.wraps(load_all)
    def watched(*arguments: object, **options: object) -> object:
        compiling(True)
        try:
            return load_all(*arguments, **options)
        finally:
            compiling(False)

    InferenceSession.load_all = watched  # by which MAX's interpreter gets every kernel
