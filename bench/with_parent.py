"""Runs a program that ends with whoever starts it: `python -m bench.with_parent PROGRAM ...`."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Has the system end this process when its parent ends; a program that it becomes, too.

    A container's shell might adopt it, and leave it stopped.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    end_with_parent()
    os.execvp(sys.argv[1], sys.argv[1:])
