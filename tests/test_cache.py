"""What is compiled is kept, and never used when it is not what was kept."""

import copy
import errno
import os
import pickle
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from max.driver import CPU

from conftest import run_python, start_gpt2
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.engine import folders, graph
from gpt2.engine.engine import Engine
from gpt2.engine.folders import cache_folder
from gpt2.engine.kept import DAY, kept_file
from gpt2.engine.sources import decoder_sources, imported_files
from gpt2.errors import UserError

MODEL = SHIPPED / "shakespeare"
GRAPH = b"what was compiled"
MAKER = """
import sys
from pathlib import Path
from gpt2.engine.kept import kept_file

def make(path):
    path.write_bytes(b"half")
    print("begun", flush=True)
    sys.stdin.readline()
    path.write_bytes(b"what was compiled")

print(kept_file(Path(sys.argv[1]), "key", make))
"""


def make(path: Path) -> None:
    path.write_bytes(GRAPH)


def never(path: Path) -> None:
    raise AssertionError("it was there")


def as_folder(path: Path) -> None:
    path.unlink()
    (path / "inner").mkdir(parents=True)


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "one byte": lambda path: path.write_bytes(b"V" + path.read_bytes()[1:]),
    "a folder": as_folder,
    "renamed": lambda path: path.rename(path.with_name("key-0123456789abcdef.mef")),
    "unreadable": lambda path: path.chmod(0),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_made_again(tmp_path, caplog, damage):
    kept = kept_file(tmp_path, "key", make)
    assert kept_file(tmp_path, "key", never) == kept
    DAMAGES[damage](kept)
    if os.access(kept, os.R_OK) and damage == "unreadable":
        pytest.skip("root reads everything")
    assert kept_file(tmp_path, "key", make) == kept
    assert kept_file(tmp_path, "key", never) == kept
    assert list(tmp_path.iterdir()) == [kept]
    (line,) = caplog.messages
    assert "is damaged: it is compiled again" in line


def test_what_could_not_be_made_leaves_nothing(tmp_path):
    def half(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        kept_file(tmp_path, "key", half)
    assert list(tmp_path.iterdir()) == []


def start_maker(folder: Path) -> subprocess.Popen[str]:
    """A process in the middle of making: it goes on when it is told something."""
    arguments = [sys.executable, "-c", MAKER, str(folder)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout.readline() == "begun\n"
    return process


def test_two_processes_at_once_keep_one_file(tmp_path):
    makers = [start_maker(tmp_path), start_maker(tmp_path)]
    paths = {Path(maker.communicate("go on\n")[0].strip()) for maker in makers}
    assert paths == set(tmp_path.iterdir())
    assert [path.read_bytes() for path in paths] == [GRAPH]


def test_a_killed_process_leaves_what_a_later_one_takes_away(tmp_path):
    maker = start_maker(tmp_path)
    maker.kill()
    maker.communicate()
    (left,) = tmp_path.iterdir()
    kept = kept_file(tmp_path, "key", make)
    assert set(tmp_path.iterdir()) == {left, kept}  # it might have been alive
    long_ago = time.time() - DAY - 60
    os.utime(left, (long_ago, long_ago))
    kept_file(tmp_path, "other", make)
    assert not left.exists()
    assert kept.exists()


@pytest.fixture
def modular_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MODULAR_CACHE_DIR", str(tmp_path / "new" / "cache"))
    return tmp_path / "new" / "cache"


def test_the_folder_is_the_users_own(modular_cache, monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "max_cache_dir", lambda: None)
    monkeypatch.setattr(folders, "user_cache_path", lambda: tmp_path / "home" / ".cache")
    assert cache_folder() == tmp_path / "home" / ".cache" / "gpt2"
    monkeypatch.undo()
    monkeypatch.setenv("MODULAR_CACHE_DIR", str(modular_cache))
    assert cache_folder() == modular_cache / "gpt2"
    assert cache_folder().stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda cache: cache.write_text(""), r"cannot be kept in .*/cache: .+\nset MODULAR_CACHE"),
        (
            lambda cache: (cache.mkdir(), (cache / "gpt2").write_text("")),
            "kept in .*/gpt2: it is no folder",
        ),
        (lambda cache: (cache / "gpt2").mkdir(parents=True), "belongs to another user"),
        (lambda cache: cache_folder().chmod(0o770), "/gpt2 can be written to by others"),
        (lambda cache: cache_folder().chmod(0o702), r"others, .*\nset MODULAR_CACHE_DIR"),
    ],
)
def test_a_folder_that_cannot_be_trusted_is_refused(modular_cache, monkeypatch, spoil, message):
    modular_cache.parent.mkdir()
    spoil(modular_cache)
    if "another" in message:
        theirs = SimpleNamespace(st_uid=os.getuid() + 1, st_mode=0o40700)
        monkeypatch.setattr(Path, "stat", lambda path, **_: theirs)
    with pytest.raises(UserError, match=message) as error:
        cache_folder()
    assert len(str(error.value).splitlines()) <= 2


FULL = "/decoders is full: 1 MB are too few to compile the engine\nmake room"
CHAIN = RuntimeError("Failed to compile.\nFor more, enable debugging.")
CHAIN.__cause__ = ValueError("cannot lower\nerror: no such instruction\n")


@pytest.mark.parametrize(
    ("failure", "free", "message"),
    [
        (CHAIN, 1e9, "could not be compiled: error: no such instruction\n`gpt2 doctor`"),
        (RuntimeError("/home/.max_cache/x exists, but is empty"), 1e9, "empty\ndelete that file"),
        (RuntimeError(""), 1e9, "could not be compiled: RuntimeError\n`gpt2 doctor`"),
        (ValueError("available space in disk less than requested"), 1e6, FULL),
        (OSError(errno.ENOSPC, "No space left on device"), 1e6, FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 1e9, ": Disk quota exceeded\nset MODULAR"),
        (PermissionError(errno.EACCES, "Permission denied"), 1e9, "Permission denied\nset MODULAR"),
    ],
)
def test_why_nothing_is_compiled_is_told_in_two_lines(
    tmp_path, monkeypatch, failure, free, message
):
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(graph, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(graph, "_compile_into", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(UserError) as error:
        graph.compiled_decoder(read_config(MODEL), "float32", CPU())
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 2
    assert ("doctor" in message) == ("doctor" in str(error.value))


def test_a_graph_depends_on_what_the_decoder_imports(tmp_path):
    names = {path.name for path in decoder_sources()}
    own = {
        "attention",
        "decoder",
        "kernels",
        "formats",
        "quantize",
    }
    assert {f"{name}.py" for name in own} | {"linear.mojo", "solution_11.py"} <= names
    assert not names & {"sampling.py", "engine.py", "graph.py", "tutorial.py", "solution_12.py"}

    (tmp_path / "house").mkdir()
    for name in ("door", "key", "lock", "wall"):
        (tmp_path / "house" / f"{name}.py").write_text("import os, numpy.linalg\n")
    door, key, lock = (tmp_path / "house" / f"{name}.py" for name in ("door", "key", "lock"))
    assert imported_files("house.door", tmp_path) == {door}
    door.write_text("from house import lock\n")
    lock.write_text("def turn():\n    from house.key import bit\n")
    key.write_text("import house.door\n")
    assert imported_files("house.door", tmp_path) == {door, key, lock}


@pytest.mark.parametrize("damage", [None, "one byte", "cut", "empty"])
def test_an_engine_runs_whatever_happened_to_its_graph(engine, tmp_path, monkeypatch, damage):
    good = graph.compiled_decoder(engine.config, "float32", CPU())
    monkeypatch.setattr(graph, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(graph, "_compile_into", lambda path, **_: shutil.copy(good, path))
    kept = graph.compiled_decoder(engine.config, "float32", CPU())
    if damage:
        DAMAGES[damage](kept)
    other = Engine(MODEL, engine.config, CPU())
    logits, expected = (
        one.forward(one.new_cache(np.zeros(1, np.int64)), np.array([[5, 6]]))
        for one in (other, engine)
    )
    np.testing.assert_array_equal(logits, expected)


def test_an_engine_cannot_be_copied(engine):
    for copied in (copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"lives in one process: .* load it in each"):
            copied(engine)


FORKER = """
import multiprocessing, sys
from gpt2 import load
from gpt2.errors import UserError

model = load("i-love-ai")

def child(act):
    try:
        act()
    except UserError as error:
        print(error, flush=True)

for act in (lambda: model.generate("I"), lambda: load("i-love-ai")):
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=child, args=(act,), daemon=True)  # not waited for if it hangs
    process.start()
    process.join(30)
    assert process.exitcode == 0, process.exitcode
print(model.generate("I")[0].text)
"""


@pytest.mark.slow
def test_a_fork_is_told_that_it_cannot_run_the_model():
    run = run_python("-c", FORKER)
    first, second, text = run.stdout.splitlines()
    assert first == second
    assert 'get_context("spawn")' in first
    assert text, run.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", ["generate X", "check 3", "warm"])
def test_a_cache_that_cannot_be_is_told_at_once(tmp_path, command):
    (tmp_path / "file").write_text("")
    process = start_gpt2(*command.split(), MODULAR_CACHE_DIR=str(tmp_path / "file" / "cache"))
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (2, b"")
    assert re.search(rb"cannot be kept in .*/file/cache: Not a directory", errors)
    assert len(errors.splitlines()) <= 2
