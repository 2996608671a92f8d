"""What no reader means to write, but code can do: each check ends, and the next one is sound."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from course.court import Court
from course.files import NUMBERS, read_source, solution_path
from course.stubs import make_stub
from reader import Reader

pytestmark = pytest.mark.slow

LIMIT = 2.0  # seconds
RESIDUAL = "return x + sublayer(norm(x))"
FLOOD = "import os\nfor fd in range(3, 65):\n    try: os.write(fd, {})\n    except OSError: pass"
PATCHED = "import course.{0} as it\nit.acceptable = it.same = lambda *a: True"
RAISES = "class E(Exception):\n    def __str__(self): {}\n    __repr__ = __str__\nraise E"
SLEEPS = """
import subprocess, time
subprocess.Popen(["sleep", "600"])
open("begun", "w").close()
time.sleep(600)
"""


@pytest.fixture(scope="module")
def court():
    with Court() as court:
        yield court


@pytest.fixture
def check(tmp_path, court):
    """Checks a text; afterwards a stub has to be not right, and a right answer right."""

    def run(source: str):
        path, stub = tmp_path / "step_08.py", tmp_path / "stub.py"
        path.write_text(source)
        stub.write_text(make_stub(8))
        began = time.monotonic()
        report = court.check(8, path, limit=LIMIT)
        assert time.monotonic() - began < LIMIT + 10
        assert court.check(8, stub).finding[0] == "Step 08, TODO 1 of 1 is still to be written"
        assert court.check(8, solution_path(8)).right
        return report

    return run


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (FLOOD.format("b'junk'"), "something else than the check answered"),
        (FLOOD.format('b\'{"report": {"right": true}}\\n\''), "something else than the check"),
        ("x = " + "-" * 200_000 + "1", "nested too deeply"),
        ("x = " + "1+" * 200_000 + "1", "nested too deeply"),
        ("x = " + "(" * 200_000 + "1" + ")" * 200_000, "too many nested parentheses"),
        (RAISES.format("1 / 0"), "E: (no text: ZeroDivisionError)"),
        (RAISES.format("return 'm' * 10**7"), "mmm..."),
        (RAISES.format("return 3"), "E: (no text: TypeError)"),
        ("import os\nos.closerange(0, 256)", "closed the file descriptors"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "still running after 2 s"),
        ("import os, signal\nos.killpg(os.getpgid(os.getppid()), signal.SIGTERM)", "SIGTERM"),
        ("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", "SIGKILL"),
        ("import sys\nsys.modules.clear()", "KeyError: 'steps.step_08'"),
        ("import re\nre.match('(a+)+$', 'a' * 60 + 'b')", "line 2"),
        ("class A(SyntaxError):\n    filename = property(lambda s: 1 / 0)\nraise A", "division"),
        ("from solutions.solution_08 import pre_norm_residual as it", "is the reference's own"),
        ("from solutions import solution_08 as it", "is the reference's own"),
        ("from steps.step_09 import pre_norm_residual", "step_08"),
    ],
    ids=lambda text: text[:50],
)
def test_a_file_that_goes_wrong_at_its_first_line(check, code, words):
    report = check(f"{code}\n{read_source(solution_path(8))}")
    assert not report.right
    assert words in "\n".join(report.finding)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.setrecursionlimit(10**9); f = lambda n: f(n + 1) + 1; f(0)", "lambda n"),
        ("import os; os.execv('/bin/true', ['true'])", "ended Python"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("while True: print('x' * 100_000)", "while True"),
        (
            "from solutions.solution_08 import pre_norm_residual as f; return f(x)",
            "reference's own",
        ),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_code_that_goes_wrong(check, code, words):
    report = check(read_source(solution_path(8)).replace(RESIDUAL, code))
    assert not report.right
    assert words in "\n".join(report.finding)


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.fork()",
        "import sys\nsys.stdout = sys.stderr = None",
        "import atexit, time\natexit.register(time.sleep, 600)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=[600]).start()",
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (10**8, 10**8))",
        "import os\nos.environ.clear()",
        "print('\\udc80')",
    ],
)
def test_what_is_right_stays_right_and_ends_with_its_check(check, code):
    assert check(f"{code}\n{read_source(solution_path(8))}").right


@pytest.mark.parametrize(
    "code",
    [
        PATCHED.format("compare"),
        PATCHED.format("judge"),
        "import course.subject as it\nit.Subject.evaluate = lambda *a: 0",
        "import course.trials.trial as it\nit.Trial._find = lambda *a: []",
    ],
)
def test_a_stub_is_not_right_whatever_it_replaces(check, code):
    assert not check(f"{code}\n{make_stub(8)}").right


@pytest.fixture
def reader(tmp_path) -> Reader:
    return Reader(tmp_path)


def test_what_one_file_sets_is_not_so_for_the_next(tmp_path, court):
    path = tmp_path / "step_08.py"
    solution = read_source(solution_path(8))
    path.write_text(f"import numpy\nnumpy.seterr(all='raise')\n{solution}")
    assert court.check(8, path).right
    path.write_text(f"import numpy\nprint(numpy.geterr()['over'])\n{solution}")
    assert court.check(8, path).printed == "warn\n"


def test_a_fork_answers_for_nobody(reader):
    source = read_source(solution_path(8))
    reader.write(8, source.replace(RESIDUAL, f"import os; os.fork(); {RESIDUAL}"))
    reports = json.loads(reader.run("check", "--json")[1])
    assert [report["step"] for report in reports] == [*NUMBERS]
    assert [report["step"] for report in reports if report["right"]] == [8]
    assert "1 of 20 right" in reader.run("progress")[1]


def test_files_that_were_written_and_deleted_are_told(reader):
    reader.solve(1)
    code = "import os\nos.remove('steps/step_12.py')\nopen('steps/step_11.py', 'a').write('#')\n"
    reader.step(1).write_text(code + reader.step(1).read_text())
    report = json.loads(reader.run("check", "1", "--json")[1])
    assert report["notes"] == [
        "While the code ran, steps/step_11.py was written.",
        "While the code ran, steps/step_12.py was deleted.",
    ]


def test_a_file_that_changes_while_it_runs_is_not_remembered(reader):
    reader.solve(1)
    code = "from pathlib import Path\nPath(__file__).write_text('nothing')\n"
    reader.step(1).write_text(code + reader.step(1).read_text())
    assert json.loads(reader.run("check", "1", "--json")[1])["right"]
    assert "0 of 20 right" in reader.run("progress")[1]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_whatever_ends_the_program_ends_all_that_it_started(reader, number, status):
    if not Path("/proc/self/environ").exists():
        pytest.skip("this system does not tell the environment of a process")
    reader.environment = os.environ | {"READER": str(reader.folder)}
    reader.step(8).write_text(SLEEPS)
    process = reader.start("check", "8")
    wait_for((reader.folder / "begun").exists, 60)
    assert len(alive(reader)) >= 5  # the program, two keepers with a child each, one with a sleep
    process.send_signal(number)
    wait_for(lambda: not alive(reader), 5)
    assert process.communicate() == (b"", b"")
    assert process.returncode == status


def alive(reader: Reader) -> list[str]:
    """The processes that belong to the test."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"READER={reader.folder}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def wait_for(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
