"""Keeps the process that runs a step's code: `python -m course.trials.keeper SOCKET TENSORS`.

The code meets this process as its parent, which it may signal. Here it is noticed, whatever the
code does, that nobody is left at the other end of the socket; then the whole group is ended.
"""

import os
import select
import signal
import socket
import sys

TICK = 100  # milliseconds between two looks


def main() -> None:
    connection = socket.socket(fileno=int(sys.argv[1]))
    child = os.fork()
    if child == 0:
        from course.trials.server import serve

        serve(connection, tensors=sys.argv[2] == "1")
    hangup = select.poll()
    hangup.register(connection, 0)
    while not hangup.poll(TICK):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
