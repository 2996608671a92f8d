"""How many threads compute: what a process may use, what its user asks for, and the same bits."""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mojo.run import subprocess_run_mojo

from conftest import ROOT
from gpt2 import load
from gpt2.errors import UserError
from gpt2.threads import VARIABLE, available, choose_threads, thread_count

linux = pytest.mark.skipif(sys.platform != "linux", reason="there are no control groups")


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Nobody has chosen; whatever a test does to the environment is undone."""
    monkeypatch.setenv(VARIABLE, "")


def quota(folder: Path, lines: str, files: dict[str, str]) -> int:
    """What may be used where control groups have these files, on eight cores."""
    for name, content in files.items():
        path = folder / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    own = folder / "cgroup"
    own.write_text(lines)
    return available(folder / "groups", own)


@pytest.mark.parametrize(
    ("lines", "files", "expected"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "300000 100000", "a/cpu.max": "max 100000"}, 3),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "250000 100000"}, 2),
        ("0::/\n", {"cpu.max": "50000 100000"}, 1),  # half a core
        ("0::/of/the/host\n", {"cpu.max": "200000 100000"}, 2),  # as a container sees it
        ("0::/a\n", {"a/cpu.max": "900000 100000"}, 8),
        (
            "4:cpu,cpuacct:/a\n0::/\n",
            {"cpu/a/cpu.cfs_quota_us": "400000", "cpu/a/cpu.cfs_period_us": "100000"},
            4,
        ),
        (
            "4:cpu,cpuacct:/a\n",
            {"cpu/a/cpu.cfs_quota_us": "-1", "cpu/a/cpu.cfs_period_us": "100000"},
            8,
        ),
        ("1:memory:/\n", {}, 8),
    ],
)
def test_a_container_counts_as_many_cores_as_it_may_use(
    lines, files, expected, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert quota(tmp_path, lines, files) == expected


@linux
def test_a_pinned_process_counts_the_cores_that_it_is_pinned_to():
    cores = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        assert available() == thread_count() == 1
    finally:
        os.sched_setaffinity(0, cores)


def test_what_is_chosen_is_a_number_of_cores_that_are_there():
    most = available()
    choose_threads(None, "float32")
    assert thread_count() == most
    choose_threads(1, "float32")
    choose_threads(None, "plain")
    assert thread_count() == 1
    with pytest.raises(UserError, match=f"{most + 1} threads are too many: .* {most} core"):
        choose_threads(most + 1, "float32")
    with pytest.raises(UserError, match="leave --threads out"):
        choose_threads(1, "plain")
    with pytest.raises(ValueError, match="threads: 0 is not a whole number of 1 or more"):
        load(threads=0)


def test_the_number_of_threads_changes_no_bit(engine, monkeypatch):
    ids = np.random.default_rng(0).integers(engine.config.vocab_size, size=[2, 100])

    def logits(threads: int) -> list[np.ndarray]:
        monkeypatch.setenv(VARIABLE, str(threads))
        cache = engine.new_cache(np.array([0, 7]))
        return [engine.forward(cache, part, 1) for part in np.split(ids, [70, 99], axis=1)]

    alone = logits(1)
    for threads in (2, 64):
        for one, many in zip(alone, logits(threads), strict=True):
            np.testing.assert_array_equal(one, many, strict=True)


PROGRAM = """
from std.atomic import Atomic
from std.time import sleep
from team import Member, together

def main() raises:
    var done = List[Int64](length=1, fill=0)
    var ended = done.unsafe_ptr().unsafe_origin_cast[MutUntrackedOrigin]()

    def count(mut member: Member) {imm}:
        var threads = member.threads

        def tell(piece: Int) {imm}:
            print(threads, end=" ")

        member.share(1, tell)

    def come_late(mut member: Member) {imm}:
        if Atomic[Int64].fetch_add(ended, 1) % 2 == 1:
            sleep(0.005)

    for _ in range(20):
        together(1, count)
        together(1, come_late)
        together(1, count)
        sleep(0.05)
        together(1, count)
        print()
        sleep(0.5)

    _ = done^
"""


@pytest.mark.slow
def test_kernels_have_as_many_threads_as_were_chosen_and_do_without_who_is_late(
    tmp_path, monkeypatch
):
    shutil.copy(ROOT / "gpt2/engine/mojo/team.mojo", tmp_path)
    (tmp_path / "count.mojo").write_text(PROGRAM)
    subprocess_run_mojo(["build", "count.mojo", "-o", "count"], cwd=tmp_path, check=True)
    for chosen in dict.fromkeys([1, min(2, available())]):
        monkeypatch.setenv(VARIABLE, str(chosen))
        printed = subprocess.check_output([tmp_path / "count"], text=True).splitlines()
        # On a busy machine somebody is late now and then without our help.
        expected = [chosen, max(1, chosen - 1), chosen]
        assert statistics.mode(printed).split() == list(map(str, expected))
