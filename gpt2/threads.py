"""How many threads compute: what this process may use, or what its user asks for."""

import os
from pathlib import Path

from gpt2.errors import UserError

VARIABLE = "GPT2_THREADS"  # read by the kernels (engine/mojo/team.mojo), inherited by processes
OF_MAX = ("plain", "bf16")  # layouts whose products are MAX's own operations
CGROUPS = Path("/sys/fs/cgroup")


def available(cgroups: Path = CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """How many threads this process can run at once: by its affinity, and by its quota on Linux.

    Args:
        cgroups: where control groups are mounted, version 1 or 2.
        own: the file that says which of them this process is in.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        groups = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:
        return cores
    quotas = [cores]
    for _, controllers, path in groups:
        mounted = cgroups
        if "cpu" in controllers.split(","):
            mounted = cgroups / ("cpu" if (cgroups / "cpu").is_dir() else controllers)
        elif controllers:
            continue
        group = mounted / path.lstrip("/")  # inside a container it may be the mounted one itself
        for folder in (group, *group.parents):
            if folder.is_relative_to(mounted):
                quotas.append(_quota(folder))
    return max(1, int(min(quotas)))


def _quota(folder: Path) -> float:
    """How many cores a control group may use; infinite where it has no limit."""
    try:
        if (both := folder / "cpu.max").is_file():
            quota, period = both.read_text().split()
        else:
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            quota, period = ((folder / name).read_text() for name in names)
        cores = int(quota) / int(period)
    except (OSError, ValueError):  # it has no such file, or "max" in it
        return float("inf")
    return cores if cores > 0 else float("inf")  # -1 stands for no limit


def thread_count() -> int:
    """How many threads compute in this process."""
    most, asked = available(), os.environ.get(VARIABLE, "")
    return min(most, int(asked)) if asked.isdecimal() and int(asked) else most


def choose_threads(count: int | None, layout: str) -> None:
    """Has so many threads compute, in all models of this process; None: as many as before.

    Args:
        count: 1 or more.
        layout: that of the model which asks, as for engine.decoder.make_decoder.

    Raises:
        UserError: there are not so many, or MAX's own operations would not heed it.
    """
    if count is not None:
        if count > (most := available()):
            cores = "1 core" if most == 1 else f"{most} cores"
            raise UserError(f"{count} threads are too many: this process may use {cores}")
        if layout in OF_MAX:
            raise UserError(
                "threads are counted for the engine's own kernels, and this model is computed by "
                f"MAX's operations ({layout}): leave --threads out"
            )
        os.environ[VARIABLE] = str(count)
    os.environ.setdefault(VARIABLE, str(available()))
