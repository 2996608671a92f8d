"""The program's streams and signals, in a real shell: pipes that close, disks that are full."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from commands import terminal
from commands.streams import end_on_signals
from conftest import NO_HUB, ROOT, start_gpt2
from course.report import Report
from course.show import console, show_report

SHELL = f"""set -o pipefail; gpt2() {{ '{sys.executable}' -m commands "$@"; }}; """
FULL = "gpt2: standard output cannot be written: No space left on device\n"
UNREADABLE = "gpt2: standard input cannot be read: Bad file descriptor\n"
WRITE = "gpt2 generate ROMEO: --seed 1 --max-new-tokens 20 --quiet"
ASCII = "PYTHONIOENCODING=ascii gpt2"
QUICK = [
    ("gpt2 --help | true", 141, "", ""),
    ("gpt2 --help >/dev/full", 2, "", FULL),
    ("gpt2 --help <&- >&- 2>&-", 0, "", ""),
    ("gpt2 check 21 2>&-", 2, "", ""),
    ("gpt2 check 21 2>/dev/full", 2, "", ""),
    (f"{ASCII} é 2>&1 | cut -c 1-28", 2, "gpt2: No such command '\\xe9'\n", ""),
]
SLOW = [
    (f"{WRITE} | head -1", 141, "ROMEO:\n", ""),
    (f"{WRITE} >/dev/full", 2, "", FULL),
    (f"{WRITE} 2>/dev/full | head -c 6", 141, "ROMEO:", ""),
    (f"{WRITE} <&- 2>&- | wc -l", 0, "2\n", ""),
    (f"{WRITE} >&-", 0, "", ""),
    (f"{ASCII} generate é --quiet --max-new-tokens 1 | cut -c 1-4", 0, "\\xe9\n", ""),
    ("gpt2 generate 0>/dev/null", 2, "", UNREADABLE),
    ("gpt2 check --solution 1 --json | true", 141, "", ""),
    ("gpt2 check --solution 1 >/dev/full", 2, "", FULL),
    ("gpt2 check --solution 1 <&- 2>&- | tail -c 3", 0, "2)\n", ""),
]


@pytest.mark.parametrize(
    ("command", "status", "output", "errors"),
    QUICK + [pytest.param(*case, marks=pytest.mark.slow) for case in SLOW],
)
def test_a_stream_that_fails_is_told_in_a_line_or_not_at_all(command, status, output, errors):
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("this system has no disk that is always full")
    run = subprocess.run(
        ["bash", "-c", SHELL + command],
        cwd=ROOT,
        env=os.environ | NO_HUB,
        capture_output=True,
        encoding="utf-8",
    )
    assert (run.returncode, run.stdout, run.stderr) == (status, output, errors)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_keeps_the_text(number):
    process = start_gpt2("generate", "ROMEO:", "--max-new-tokens", "100000")
    text = process.stdout.read(20)
    process.send_signal(number)
    rest, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + number, errors
    assert text.startswith(b"ROMEO:")
    assert rest.endswith(b"\n")
    assert b"Traceback" not in errors


def test_nohup_is_respected():
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        end_on_signals()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        with pytest.raises(SystemExit, match="143"):
            signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.slow
def test_workers_that_die_are_told():
    process = start_gpt2("check", "--solution", "2")
    while process.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children():
                child.kill()
        time.sleep(0.001)
    output, errors = process.communicate()
    assert (process.returncode, output) == (2, b"")
    assert b"cannot run" in errors


def test_a_long_wait_is_told_once_where_there_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr(terminal, "SHORT_WAIT", 0.1)
    terminal.run_visibly(lambda: time.sleep(0.5), "Loading", "Compiling: a minute.")
    assert capsys.readouterr() == ("", "Compiling: a minute.\n")


def say(text: str) -> None:
    """Everything through which a text reaches a terminal."""
    terminal.write(text + "\n")
    terminal.note(text)
    terminal.complain(text)
    report = Report(1, "A step", "step_01.py", printed=text)
    report.failed("runs", "", [text])
    show_report(report, None, console())


@pytest.mark.parametrize("escape", ["\x1b[2J", "\x1b]0;title\x07", "\x9b2J", "\x7f\r", "\u202e"])
def test_no_text_does_anything_to_a_terminal(monkeypatch, tmp_path, escape):
    spelled = escape.encode("unicode_escape").decode()
    handle, side = pty.openpty()
    with os.fdopen(side, "w", encoding="utf-8") as shown:
        monkeypatch.setattr(sys, "stdout", shown)
        monkeypatch.setattr(sys, "stderr", shown)
        say(f"A{escape}B\té")
        monkeypatch.undo()
    written = b""
    with contextlib.suppress(OSError):  # nobody writes any more
        while piece := os.read(handle, 65536):
            written += piece
    written = written.decode()
    assert written.count(f"A{spelled}B") == 5
    assert f"A{escape}B" not in written
    os.close(handle)


def test_a_file_gets_a_text_as_it_is(capsys):
    terminal.write("A\x1b[2JB\n")
    assert capsys.readouterr().out == "A\x1b[2JB\n"
