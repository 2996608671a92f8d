"""Where the program starts: `gpt2`, or `python -m commands`."""

import os
import sys
from typing import NoReturn

from commands.streams import end_on_signals, prepare_streams

INTERRUPTED = 130  # after Ctrl-C


def main() -> NoReturn:
    """Runs the command line, and beside it starts what the command will wait for."""
    prepare_streams()
    try:
        end_on_signals()
        if sys.argv[1:2] in (["check"], ["watch"]):
            from course.court import start_ahead

            start_ahead(sys.argv[2:])
        from commands.app import main as run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = INTERRUPTED
    except SystemExit as end:
        status = end.code
    if status in (0, 1):
        sys.exit(status)
    os._exit(status)  # now, whatever a compiler in another thread is doing, and in silence


if __name__ == "__main__":
    main()
