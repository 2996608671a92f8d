"""Whatever a reader's file does, the check ends with a clear report, and the next one is sound."""

import errno
import socket

import pytest

from course.court import Court
from course.files import read_source, solution_path
from course.report import Report
from course.stubs import make_stub
from gpt2.errors import UserError

pytestmark = pytest.mark.slow

LIMIT = 1.0  # seconds: what hangs here hangs for ever
RESIDUAL = "return x + sublayer(norm(x))"  # the line of step 8
FORWARD = "return normalized * self.weight + self.bias"  # the last one of step 3


@pytest.fixture(scope="module")
def court():
    with Court() as court:
        yield court


@pytest.fixture
def check(tmp_path, court):
    """Checks a file with this content, and then sees that the next reader is not harmed."""

    def run(number: int, content: str | bytes | None) -> Report:
        path = tmp_path / f"step_{number:02}.py"
        if content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        report = court.check(number, path, limit=LIMIT)
        after = court.check(8, solution_path(8), limit=LIMIT)
        assert after.right, after
        return report

    return run


def changed(number: int, old: str, new: str) -> str:
    source = read_source(solution_path(number))
    assert source.count(old) == 1
    return source.replace(old, new)


@pytest.mark.parametrize(
    ("content", "phase", "words"),
    [
        (None, "loads", ["there is no", "gpt2 reset 8"]),
        ("", "loads", ["is empty", "gpt2 reset 8"]),
        (b"x = '\xff'\n", "loads", ["is not UTF-8: byte 0xff in line 1"]),
        ("def f(:\n    pass\n", "loads", ["SyntaxError", "line 1", "    def f(:", "          ^"]),
        ("def f():\npass\n", "loads", ["IndentationError", "line 2", "    pass", "    ^"]),
        ("def pre_norm_residual(x, norm", "loads", ["SyntaxError: '(' was never closed"]),
        ("import no_such_module\n", "loads", ["ModuleNotFoundError", "line 1", "no_such_module"]),
        ("import sys\nsys.exit(3)\n", "loads", ["calls exit(3)", "line 2"]),
        ("import os\nos._exit(3)\n", "loads", ["ended Python", "status 3"]),
        ("import os\nos.kill(os.getpid(), 11)\n", "loads", ["SIGSEGV", "line 2"]),
        ("while True:\n    pass\n", "loads", ["still running after 1 s", "line "]),
        ("import time\ntime.sleep(60)\n", "loads", ["still running after 1 s", "time.sleep(60)"]),
        ("value = 1\n", "names", ["does not define pre_norm_residual, a function"]),
        ("class pre_norm_residual: pass\n", "names", ["has to be a function", "it is a class"]),
        ("pre_norm_residual = 3\n", "names", ["has to be a function", "of type int"]),
        (
            "from solutions.solution_08 import pre_norm_residual\n",
            "loads",
            ["the reference's own", "write it in this file"],
        ),
        ("def pre_norm_residual(x): return x\n", "runs", ["takes 1 positional argument"]),
    ],
)
def test_a_file_that_cannot_be_used(check, content, phase, words):
    report = check(8, content)
    assert not report.right
    assert report.phases[-1].name == phase
    text = "\n".join(report.finding)
    assert all(word in text for word in words), text


@pytest.mark.parametrize(
    ("code", "phase", "words"),
    [
        ("return pre_norm_residual(x, norm, sublayer)", "runs", ["RecursionError", "line 2"]),
        ("while True: x = x", "runs", ["still running after 1 s", "while True"]),
        ("exit(1)", "runs", ["calls exit(1)", "exit(1)"]),
        ("x[0] = norm(x)[0]; return x", "runs", ["tensor that it was given"]),
        ("return None", "runs", ["returned nothing", "`return`"]),
        ("return x + sublayer(norm(x)) * float('nan')", "values", ["NaN in 252 of 252 places"]),
        ("return x + sublayer(norm(x)) * float('inf')", "values", ["in 252 of 252 places"]),
        ("return x @ sublayer(norm(x))", "runs", ["Matrix multiplication", "return x @"]),
        ("return (x + sublayer(norm(x)))[:, :1]", "shapes and dtypes", ["[3, 1, 12] float32"]),
        ("return x + sublayer(norm(x)) * 1.5", "values", ["largest difference at"]),
        ("return 1.25 * (x + sublayer(norm(x)))", "values", ["1.25 times the expected"]),
        ("return x + sublayer(norm(x)) + 0.5", "values", ["larger by 0.5"]),
        (
            "return (x + sublayer(norm(x))).reshape([int(x.shape[0]), -1, 12])",
            "any sizes",
            ["names"],
        ),
    ],
)
def test_code_that_goes_wrong(check, code, phase, words):
    report = check(8, changed(8, RESIDUAL, code))
    assert not report.right
    assert report.phases[-1].name == phase, report
    text = "\n".join(report.finding)
    assert all(word in text for word in words), text


def test_what_the_code_prints_is_shown_once_and_with_values(check):
    report = check(3, changed(3, FORWARD, "print('mean', centered)\n        " + FORWARD))
    assert report.right
    assert report.printed.count("mean") == 1
    assert "unrealized" not in report.printed
    assert "[" in report.printed


def test_printing_without_end_is_cut(check):
    report = check(8, "print('x' * 100_000)\n" + read_source(solution_path(8)))
    assert report.right
    assert len(report.printed) < 3000


@pytest.mark.parametrize(
    ("code", "note"),
    [
        ("import os\nos.chdir('/')\n", "changes the working directory"),
        ("import numpy\nnumpy.exp = None\n", "replaces numpy.exp"),
        ("import sys\nsys.modules['math'] = None\n", "replaces the module math"),
        ("import max.experimental.functional as F\nF.argsort = print\n", "functional.argsort"),
    ],
)
def test_what_the_code_changes_around_itself_is_undone_and_told(check, code, note):
    report = check(8, code + read_source(solution_path(8)))
    assert report.right, report
    assert any(note in line for line in report.notes), report.notes


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("self.bias = 0.0", "missing: bias"),
        ("self.bias = Tensor.zeros([dim]); self.bias = None", "missing: bias"),
        ("self.bias = Tensor.zeros([dim]); self.shift = self.bias", "not asked for: shift"),
        ("self.bias = Tensor.zeros([dim]); self.parameters = 2", "'parameters'"),
        ("self.bias = Tensor.zeros([1, dim])", "bias: expected (12,), yours (1, 12)"),
    ],
)
def test_attributes_in_the_way_of_parameters(check, code, words):
    report = check(3, changed(3, "self.bias = Tensor.zeros([dim])", code))
    assert report.phases[-1].name == "parameters"
    assert words in "\n".join(report.finding)


def test_the_time_limit_does_not_count_compilation(tmp_path, monkeypatch):
    """MAX's first compilation of an operation takes longer than any limit."""
    monkeypatch.setenv("MODULAR_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "step_02.py"
    # An operation that only this file needs, and that leaves 0 and minus infinity as they are.
    source = changed(2, "return F.band_part(", "return F.floor(F.band_part(")
    path.write_text(source.replace("exclude=True)", "exclude=True))"), encoding="utf-8")
    seen = []
    with Court(lambda ready, busy: seen.append(busy)) as court:
        report = court.check(2, path, limit=LIMIT)
    assert any(seen)
    assert report.right, report
    assert report.seconds < LIMIT


def test_a_checker_that_cannot_run_is_not_the_readers_fault(monkeypatch, tmp_path):
    (tmp_path / "max").mkdir()
    (tmp_path / "max" / "__init__.py").write_text("raise ImportError('MAX is broken')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Court() as court, pytest.raises(UserError, match=r"cannot run: .*MAX is broken"):
        court.check(8, solution_path(8))


def test_too_many_open_files_are_not_the_readers_fault(monkeypatch):
    def no_pair() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socketpair", no_pair)
    with Court() as court, pytest.raises(UserError, match=r"can be started: Too many open files"):
        court.check(8, solution_path(8))


def test_a_raise_that_was_left_standing(check):
    """The first TODO is written, its raise still there; the second is not begun."""
    stub = make_stub(3)
    line = '        raise NotImplementedError("Step 03, TODO 1 of 2")\n'
    assert stub.count(line) == 1
    report = check(3, stub.replace(line, "        self.eps = eps\n" + line))
    text = "\n".join(report.finding)
    assert "delete it" in text
    assert line.strip() in text


def test_a_field_without_a_type(check):
    report = check(1, changed(1, "n_inner: int | None = None", "n_inner = None"))
    assert report.phases[-1].name == "names"
    assert report.finding == ["n_inner has no type, and so is no field: name, colon, type, default"]


def test_an_extra_field_is_nobodys_business(check):
    field = "vocab_size: int = 50257"
    assert check(1, changed(1, field, field + "\n    dropout: float = 0.0")).right


def test_a_mistake_is_known_by_what_it_does_not_by_its_words(check):
    source = changed(1, "self.n_embd % self.n_head != 0", "self.n_embd % self.n_head == 0")
    start = source.index("raise ValueError(")
    source = source[:start] + 'raise ValueError("no")' + source[source.index("\n", start) :]
    report = check(1, source)
    assert report.misconception
    assert "wrong way round" in report.finding[0]
