"""Where the program starts: `gpt2`, or `python -m commands`."""

import sys


def main() -> None:
    """Runs the command line, and beside it starts what the command will wait for."""
    if sys.argv[1:2] in (["check"], ["watch"]):
        from course.workers import start_ahead

        start_ahead()
    from commands.main import main as run

    run()


if __name__ == "__main__":
    main()
