"""One thread for each job: samples what it uses, enforces its limits, and reaps it.

A thread and not a coroutine, so that a limit holds even while the agent's event loop is busy.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from suanwang.agent.backends.cgroups import Groups
from suanwang.agent.backends.order import EXIT_CODES, MB, EndedBy, JobOrder, Sample

INTERVAL_SECONDS = 0.1
DISK_INTERVAL_SECONDS = 0.5
_SCAN_SHARE = 20  # a scan may take one twentieth of the time between scans
CENTRE_DISK_BYTES = 32 * MB  # below this the machine's disk is full, whoever filled it
_REAP_SECONDS = 0.02
_BLOCK = 512  # st_blocks counts these, whatever the file system's own block


class Watch(threading.Thread):
    """Follows one process tree from its start to its end."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        order: JobOrder,
        *,
        groups: Groups | None,
        family: Callable[[], list[psutil.Process]],
        own: int,
        kill: Callable[[], None],
    ) -> None:
        super().__init__(name=f"watch-{order.lease_id}", daemon=True)
        self.order = order
        self.exit_code = 0
        self.ended_by = EndedBy.EXIT
        self.started = time.monotonic()
        self.wall_seconds = 0.0
        self.sample = Sample()
        self._child = child
        self._groups = groups
        self._family = family
        self._own = own  # how many of the family's first are ours, not the job's
        self._kill = kill
        self._wish: EndedBy | None = None
        self._termed: float | None = None
        self._next_disk = 0.0

    def ask(self, by: EndedBy) -> None:
        """Ask for the job's end; the first reason stays."""
        if self._wish is None:
            self._wish = by

    def run(self) -> None:
        """Sample, enforce and reap until the process is gone."""
        while not self._reap():
            now = time.monotonic()
            with contextlib.suppress(psutil.Error, OSError):
                self._measure(now)
            self._enforce(now)
        self.wall_seconds = time.monotonic() - self.started
        self._conclude()

    def _reap(self) -> bool:
        until = time.monotonic() + INTERVAL_SECONDS
        while True:
            try:
                pid, status, used = os.wait4(self._child.pid, os.WNOHANG)
            except ChildProcessError:  # reaped by somebody else: how it ended is not known
                self.exit_code = self._child.returncode = EXIT_CODES[EndedBy.MEMORY]
                return True
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.exit_code = self._child.returncode = code if code >= 0 else 128 - code
                # Not ru_maxrss: it starts at the size of the agent that forked this child.
                self._raise_peaks(cpu=used.ru_utime + used.ru_stime, peak=0)
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(_REAP_SECONDS)

    def _measure(self, now: float) -> None:
        family = self._family()
        tree = family[self._own :]
        self.sample = replace(self.sample, processes=len(tree))
        if len(tree) > self.order.limits.processes:
            return  # a fork bomb: every moment spent on measuring it makes it larger
        cpu = self._groups.cpu_seconds() if self._groups else None
        memory = self._groups.memory_bytes() if self._groups else None
        # Ours reap the job's dead, and carry the CPU seconds of those.
        cpu = _cpu_seconds(family) if cpu is None else cpu
        memory = self._memory(tree) if memory is None else memory
        self.sample = replace(self.sample, memory_bytes=memory)
        self._raise_peaks(cpu=cpu, peak=memory)
        if now >= self._next_disk:
            self._measure_disk(tree)

    def _memory(self, tree: list[psutil.Process]) -> int:
        resident = _sum(tree, lambda p: p.memory_info().rss)
        if resident <= self.order.limits.memory_bytes:
            return resident
        # Forked processes share pages, and resident counts them in each: ask for the fair share.
        return _sum(tree, _proportional)

    def _measure_disk(self, tree: list[psutil.Process]) -> None:
        before = time.monotonic()
        used = folder_bytes(self.order.work) + _deleted_bytes(tree, self.order.work)
        self.sample = replace(self.sample, disk_bytes=used)
        took = time.monotonic() - before
        self._next_disk = time.monotonic() + max(DISK_INTERVAL_SECONDS, _SCAN_SHARE * took)

    def _raise_peaks(self, *, cpu: float, peak: int) -> None:
        self.sample = replace(
            self.sample,
            cpu_seconds=max(self.sample.cpu_seconds, cpu),
            memory_peak_bytes=max(self.sample.memory_peak_bytes, peak),
        )

    def _enforce(self, now: float) -> None:
        limits, sample = self.order.limits, self.sample
        if now - self.started > limits.seconds:
            self.ask(EndedBy.TIME_LIMIT)
        if sample.memory_bytes > limits.memory_bytes or sample.processes > limits.processes:
            self.ask(EndedBy.MEMORY)
        if sample.disk_bytes > limits.disk_bytes:
            self.ask(EndedBy.DISK)
        # The work directory goes away under a run that is being cleaned up.
        with contextlib.suppress(FileNotFoundError):
            if _free_bytes(self.order.work) < CENTRE_DISK_BYTES:
                self.ask(EndedBy.CENTRE_DISK)
        if self._wish is not None:
            self._end(now)

    def _end(self, now: float) -> None:
        # Time and cancellation leave a job a moment to save its work; memory and disk are urgent.
        gentle = self._wish in (EndedBy.TIME_LIMIT, EndedBy.CANCEL)
        if self._termed is None:
            self._termed = now
            if gentle:
                for process in self._family()[self._own :]:
                    with contextlib.suppress(psutil.Error):
                        process.terminate()
        if not gentle or now - self._termed >= self.order.limits.grace_seconds:
            self._kill()

    def _conclude(self) -> None:
        limits = self.order.limits
        if self._groups and self._groups.out_of_memory():
            self._wish = EndedBy.MEMORY
            self._raise_peaks(cpu=0, peak=limits.memory_bytes)
        # The last moments: a file may have met its size limit since the last look at the disk.
        with contextlib.suppress(OSError):
            used = folder_bytes(self.order.work)
            self.sample = replace(self.sample, disk_bytes=used)
            if self.exit_code and self._wish is None and used >= limits.disk_bytes:
                self._wish = EndedBy.DISK
        self.ended_by = self._wish or EndedBy.EXIT


def folder_bytes(folder: Path) -> int:
    """Return the disk a folder's files take, links counted once, not followed."""
    total, seen, queue = 0, set(), [os.fspath(folder)]
    while queue:
        with contextlib.suppress(OSError), os.scandir(queue.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    stat = entry.stat(follow_symlinks=False)
                    if stat.st_ino not in seen:
                        seen.add(stat.st_ino)
                        total += stat.st_blocks * _BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        queue.append(entry.path)
    return total


def _deleted_bytes(tree: list[psutil.Process], work: Path) -> int:
    # A file that is unlinked but still open takes disk and no scan finds it.
    device, found = work.stat().st_dev, {}
    for process in tree:
        with contextlib.suppress(OSError), os.scandir(f"/proc/{process.pid}/fd") as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    stat = entry.stat()
                    if stat.st_nlink == 0 and stat.st_dev == device:
                        found[stat.st_ino] = stat.st_blocks * _BLOCK
    return sum(found.values())


def _free_bytes(folder: Path) -> int:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize


def _sum(tree: list[psutil.Process], measure: Callable[[psutil.Process], int]) -> int:
    total = 0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            total += measure(process)
    return total


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)


def _cpu_seconds(tree: list[psutil.Process]) -> float:
    total = 0.0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
