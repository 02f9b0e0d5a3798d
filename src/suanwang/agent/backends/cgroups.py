"""The agent's own control groups, where this machine lets it make some (v1 or v2).

A group bounds a job however its processes multiply or hide. Where no group can be made (containers,
ordinary users without delegation) the watchdog in `watch` does the same work a little later.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from suanwang.agent.backends.order import Limits

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "pids", "cpu", "cpuacct")
_LEAF = "suanwang-agent"
_PERIOD_MICROS = 100_000
_NANOSECONDS = 1_000_000_000
_MICROSECONDS = 1_000_000
_EMPTY_TRIES = 50


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of one job: controller → directory (v2: one directory for all)."""

    version: int
    folders: dict[str, Path]

    @property
    def limits_memory(self) -> bool:
        """Say whether the kernel itself bounds this job's memory."""
        return "memory" in self.folders

    def join_files(self) -> list[str]:
        """Return the files a process writes "0" into to join."""
        return sorted({str(folder / "cgroup.procs") for folder in self.folders.values()})

    def folder_names(self) -> tuple[str, ...]:
        """Return the directories, for the journal."""
        return tuple(sorted({str(folder) for folder in self.folders.values()}))

    def cpu_seconds(self) -> float | None:
        """Return the CPU seconds of everything that ever ran in the group."""
        if self.version == 2 and "cpu" in self.folders:  # noqa: PLR2004 - the version's name
            micros = _fields(self.folders["cpu"] / "cpu.stat").get("usage_usec")
            return None if micros is None else micros / _MICROSECONDS
        if "cpuacct" not in self.folders:
            return None
        nanos = _number(self.folders["cpuacct"] / "cpuacct.usage")
        return None if nanos is None else nanos / _NANOSECONDS

    def memory_bytes(self) -> int | None:
        """Return what the group holds now, without the page cache, which gives way by itself."""
        if not self.limits_memory:
            return None
        stat = _fields(self.folders["memory"] / "memory.stat")
        names = ("total_rss", "total_shmem") if self.version == 1 else ("anon", "shmem")
        return sum(stat.get(name, 0) for name in names)

    def out_of_memory(self) -> bool:
        """Say whether the kernel killed something here for memory."""
        if not self.limits_memory:
            return False
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        return _fields(self.folders["memory"] / name).get("oom_kill", 0) > 0

    def remove(self) -> None:
        """Kill whatever is left inside and remove the groups."""
        remove(self.folder_names())


def settle() -> None:
    """Move the agent into a leaf of its own (v2 only), so that jobs' groups can stand beside it.

    A v2 group with processes cannot hand its controllers on. Under systemd with `Delegate=yes` the
    unit's group is ours to divide; elsewhere this fails quietly and the watchdog takes over.
    """
    own = _own_v2()
    if not (ROOT / "cgroup.controllers").exists() or own.name == _LEAF:
        return
    with contextlib.suppress(OSError):
        (own / _LEAF).mkdir(exist_ok=True)
        _write(own / _LEAF / "cgroup.procs", os.getpid())


def make(name: str, limits: Limits) -> Groups | None:
    """Make the groups of one job with its limits, or None where this machine forbids it."""
    if (ROOT / "cgroup.controllers").exists():
        return _make_v2(name, limits)
    folders = {}
    for controller in CONTROLLERS:
        mother = _own(controller)
        folder = mother / name if mother else None
        if folder is not None and _make_folder(folder):
            folders[controller] = folder
    groups = Groups(1, folders)
    if not folders:
        return None
    try:
        _limit_v1(groups, limits)
    except OSError:
        groups.remove()
        return None
    return groups


def folders_of(name: str) -> list[str]:
    """Return where the groups of a job of this name would be, made or not."""
    if (ROOT / "cgroup.controllers").exists():
        return [str(_mother_v2() / name)]
    mothers = [_own(controller) for controller in CONTROLLERS]
    return [str(mother / name) for mother in mothers if mother]


def remove(folders: Iterable[str]) -> None:
    """Kill every process in these groups and remove them; missing ones are fine."""
    for name in folders:
        folder = Path(name)
        for _ in range(_EMPTY_TRIES):
            if not folder.exists():
                break
            _kill_all(folder)
            try:
                folder.rmdir()
            except OSError:
                time.sleep(0.02)  # processes leave a group a moment after they die


def _kill_all(folder: Path) -> None:
    with contextlib.suppress(OSError):
        (folder / "cgroup.kill").write_text("1", "ascii")
    with contextlib.suppress(OSError, ValueError):
        for line in (folder / "cgroup.procs").read_text("ascii").split():
            with contextlib.suppress(OSError):
                os.kill(int(line), signal.SIGKILL)


def _limit_v1(groups: Groups, limits: Limits) -> None:
    if "memory" in groups.folders:
        folder = groups.folders["memory"]
        _write(folder / "memory.limit_in_bytes", limits.memory_bytes)
        with contextlib.suppress(OSError):  # kernels without swap accounting lack this file
            _write(folder / "memory.memsw.limit_in_bytes", limits.memory_bytes)
    if "pids" in groups.folders:
        _write(groups.folders["pids"] / "pids.max", limits.processes)
    if "cpu" in groups.folders:
        _write(groups.folders["cpu"] / "cpu.cfs_period_us", _PERIOD_MICROS)
        _write(groups.folders["cpu"] / "cpu.cfs_quota_us", _PERIOD_MICROS * limits.cores)


def _make_v2(name: str, limits: Limits) -> Groups | None:
    mother = _mother_v2()
    try:
        wanted = {"memory", "pids", "cpu"}
        offered = set((mother / "cgroup.controllers").read_text("ascii").split())
        enabled = set((mother / "cgroup.subtree_control").read_text("ascii").split())
        if missing := wanted & offered - enabled:
            _write(mother / "cgroup.subtree_control", " ".join(f"+{c}" for c in sorted(missing)))
        folder = mother / name
        folder.mkdir()
        groups = Groups(2, dict.fromkeys(sorted(wanted & offered), folder))
        _limit_v2(folder, limits)
    except OSError:
        remove([str(mother / name)])
        return None
    return groups if groups.folders else None


def _mother_v2() -> Path:
    own = _own_v2()
    return own.parent if own.name == _LEAF else own


def _own_v2() -> Path:
    mine = next((line[3:] for line in _membership() if line.startswith("0::")), "/")
    return ROOT / mine.strip().lstrip("/")


def _limit_v2(folder: Path, limits: Limits) -> None:
    _write(folder / "memory.max", limits.memory_bytes)
    with contextlib.suppress(OSError):  # no swap, nothing to bound
        _write(folder / "memory.swap.max", 0)
    _write(folder / "pids.max", limits.processes)
    _write(folder / "cpu.max", f"{_PERIOD_MICROS * limits.cores} {_PERIOD_MICROS}")


def _own(controller: str) -> Path | None:
    # v1: below the agent's own group, so that the agent's own limits hold for its jobs too.
    for line in _membership():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            folder = ROOT / controller / path.strip().lstrip("/")
            return folder if folder.is_dir() else None
    return None


def _membership() -> list[str]:
    try:
        return Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return []


def _make_folder(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return True
    except OSError:
        return False
    return True


def _write(path: Path, value: int | str) -> None:
    path.write_text(str(value), "ascii")


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None


def _fields(path: Path) -> dict[str, int]:
    try:
        pairs = [line.split() for line in path.read_text("ascii").splitlines()]
    except OSError:
        return {}
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}  # noqa: PLR2004 - a pair
