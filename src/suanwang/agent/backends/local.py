"""Run jobs on this machine: in the sandbox, or as plain processes where the operator said so."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from suanwang.agent.backends import cgroups, sandbox
from suanwang.agent.backends.order import (
    EXIT_CODES,
    MB,
    Ended,
    EndedBy,
    Environment,
    JobOrder,
    Limits,
    LineSink,
    Mark,
    Running,
    Sample,
)
from suanwang.agent.backends.watch import Watch
from suanwang.agent.errors import EnvironmentBroken, LaunchFailed

_LAUNCH = Path(__file__).with_name("launch.py")
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_STATUS = "status.json"
_READ_BYTES = 65536
_DRAIN_SECONDS = 5.0  # after the last process is gone its pipes are empty at once
_PROBE_SECONDS = 30
# What a probe prints: the prefixes that a Python needs to be shown.
_PREFIXES = "import sys,json;print(json.dumps([sys.prefix,sys.base_prefix,sys.base_exec_prefix]))"
_SCRIPT = """\
ulimit -u {processes} 2>/dev/null || ulimit -p {processes} 2>/dev/null || :
set -e
. {files}/setup.sh
. {files}/run.sh
"""


class LocalBackend:
    """The default backend. `bwrap` None means: without a sandbox, on the operator's word."""

    name = "local"

    def __init__(
        self, *, bwrap: Path | None, show: Sequence[Path] = (), groups: bool = True
    ) -> None:
        self._bwrap = bwrap
        self._show = tuple(show)
        self._groups = groups
        if groups:
            cgroups.settle()

    async def start(self, order: JobOrder, sink: LineSink) -> Running:
        """Start a job. Raises LaunchFailed."""
        files = order.control / "job"
        scripts = {"setup.sh": order.setup, "run.sh": order.run}
        shown = sandbox.JOB_FILES if self._bwrap else str(files)
        scripts["main.sh"] = _SCRIPT.format(processes=order.limits.processes, files=shown)
        sandbox.write_job_files(files, scripts)
        made = cgroups.make(f"suanwang-{order.lease_id}", order.limits) if self._groups else None
        request = self._request(order, files=files, groups=made)
        path = order.control / "launch.json"
        path.write_text(json.dumps(request), "utf-8")
        try:
            # From this thread, never from a pool's: the job dies with the thread that started it.
            child = subprocess.Popen(  # noqa: S603, ASYNC220 - our own launcher; it returns at once
                [sys.executable, "-I", "-S", str(_LAUNCH), str(path)],
                env={}, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except OSError as problem:
            if made:
                made.remove()
            raise LaunchFailed(reason=str(problem)) from problem
        return LocalRunning(child, order, groups=made, sandboxed=bool(self._bwrap), sink=sink)

    def _request(
        self, order: JobOrder, *, files: Path, groups: cgroups.Groups | None
    ) -> dict[str, object]:
        request: dict[str, object] = {
            "mode": "exec" if self._bwrap else "guard",
            "parent": os.getpid(),
            "join": groups.join_files() if groups else [],
            "cores": _cores(order.limits) if not groups or "cpu" not in groups.folders else [],
            "rlimits": _rlimits(order.limits, memory=not (groups and groups.limits_memory)),
        }
        if self._bwrap is None:
            command = [*_shell(), str(files / "main.sh")]
            variables = _variables(order, work=str(order.work))
            request |= {"status": str(order.control / _STATUS)}
            return request | {"argv": command, "env": variables, "cwd": str(order.work)}
        words = sandbox.arguments(
            bwrap=self._bwrap, work=order.work, job_files=files, environment=order.environment,
            variables=_variables(order, work=sandbox.WORK),
            tmp_bytes=order.limits.tmp_bytes, show=self._show,
        )  # fmt: skip
        args = order.control / "bwrap.args"
        args.write_bytes(b"\0".join(os.fsencode(word) for word in words) + b"\0")
        command = [*_shell(), f"{sandbox.JOB_FILES}/main.sh"]
        argv = [str(self._bwrap), "--args", "ARGS_FD", "--json-status-fd", "STATUS_FD"]
        argv += ["--", *command]
        return request | {"argv": argv, "args": str(args), "status": str(order.control / _STATUS)}


class LocalRunning:
    """A job's process tree, its pipes and the thread that watches it."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        order: JobOrder,
        *,
        groups: cgroups.Groups | None,
        sandboxed: bool,
        sink: LineSink,
    ) -> None:
        self._child = child
        self._groups = groups
        self._sandboxed = sandboxed
        self._control = order.control
        self._sink = sink
        self._root = psutil.Process(child.pid)
        folders = groups.folder_names() if groups else ()
        self.mark = Mark(pid=child.pid, started=self._root.create_time(), groups=folders)
        self._open = {_read_end(child.stdout): "stdout", _read_end(child.stderr): "stderr"}
        self._drained = asyncio.Event()
        loop = asyncio.get_running_loop()
        for fd in self._open:
            loop.add_reader(fd, self._read, fd)
        # Sandboxed: bwrap → its pid 1 → the job. Otherwise: the guard → the job.
        own = 1 if sandboxed else 0
        self._watch = Watch(
            child, order, groups=groups, family=self._family, own=own, kill=self._kill
        )
        self._watch.start()

    def sample(self) -> Sample:
        """Return the newest measurement."""
        return self._watch.sample

    def stop(self, by: EndedBy) -> None:
        """Ask the job to end."""
        self._watch.ask(by)

    async def wait(self) -> Ended:
        """Wait for the end of every process, and for the last line."""
        await asyncio.to_thread(self._watch.join)
        if self._groups:
            await asyncio.to_thread(self._groups.remove)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), _DRAIN_SECONDS)
        for fd in list(self._open):
            self._close(fd)
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe:
                pipe.close()
        by = self._watch.ended_by
        code = self._watch.exit_code
        if by is EndedBy.EXIT and code and not _began(self._control / _STATUS):
            by = EndedBy.NEVER_STARTED
        # A job that heeds SIGTERM may say 0: the limit was met all the same, and the code says so.
        return Ended(
            exit_code=EXIT_CODES.get(by, code),
            by=by,
            wall_seconds=self._watch.wall_seconds,
            sample=self._watch.sample,
        )

    def _read(self, fd: int) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(fd, _READ_BYTES)
            if data:
                self._sink(self._open[fd], data)
            else:
                self._close(fd)

    def _close(self, fd: int) -> None:
        asyncio.get_running_loop().remove_reader(fd)
        self._open.pop(fd, None)
        if not self._open:
            self._drained.set()

    def _family(self) -> list[psutil.Process]:
        try:
            found: list[psutil.Process] = self._root.children(recursive=True)
        except psutil.Error:
            return []
        return found

    def _kill(self) -> None:
        if not self._sandboxed:
            self._child.terminate()  # the guard kills the whole tree, orphans included
            return
        with contextlib.suppress(psutil.Error):
            for process in self._root.children():
                process.kill()  # pid 1 of the namespace: the kernel kills all the rest
        self._child.kill()


def _began(status: Path) -> bool:
    # bubblewrap names the job's exit code only if it came to start the job.
    try:
        return '"exit-code"' in status.read_text("utf-8", errors="replace")
    except OSError:
        return False


def kill_leftovers(mark: Mark) -> bool:
    """Kill what an earlier agent left running; say whether anything was still there."""
    found = False
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(mark.pid)
        # Same pid and same start: the same process; otherwise the number has been given away.
        if abs(root.create_time() - mark.started) < 1:
            found = True
            family = [root, *root.children(recursive=True)]
            for process in family:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(family, timeout=_DRAIN_SECONDS)
    cgroups.remove(mark.groups)
    return found


def probe_environment(name: str, path: Path) -> Environment:
    """Find the directories a named Python needs. Raises EnvironmentBroken."""
    binary = path if path.is_file() else path / "bin" / "python"
    try:
        done = subprocess.run(  # noqa: S603 - a Python that the operator named
            [str(binary), "-I", "-c", _PREFIXES],
            capture_output=True, text=True, check=True, timeout=_PROBE_SECONDS, env={},
        )  # fmt: skip
        prefixes = [Path(text) for text in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        raise EnvironmentBroken(name=name, path=path, reason=problem) from problem
    return Environment(name=name, bin=binary.parent, prefixes=tuple(dict.fromkeys(prefixes)))


def _variables(order: JobOrder, *, work: str) -> dict[str, str]:
    path = f"{order.environment.bin}:{_SYSTEM_PATH}" if order.environment else _SYSTEM_PATH
    variables = {
        "PATH": path,
        "HOME": work,
        "TMPDIR": "/tmp" if work == sandbox.WORK else work,  # noqa: S108 - inside the sandbox
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",  # so that the log is live
        "SUANWANG_CORES": str(order.limits.cores),
    }
    if order.environment:
        variables["VIRTUAL_ENV"] = str(order.environment.bin.parent)
    return variables | dict(order.variables)


def _rlimits(limits: Limits, *, memory: bool) -> dict[str, int]:
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits.disk_bytes,
        "RLIMIT_NOFILE": limits.open_files,
    }
    if memory:
        # The watchdog looks ten times a second; this bounds what one process takes in between.
        wanted["RLIMIT_DATA"] = 2 * limits.memory_bytes + 256 * MB
    return wanted


def _cores(limits: Limits) -> list[int]:
    # Without a cgroup: a turn of the machine's cores each, so that two jobs rarely share one.
    available = sorted(os.sched_getaffinity(0))
    first = time.monotonic_ns() // 1000 % len(available)
    turned = available[first:] + available[:first]
    return turned[: limits.cores]


def _shell() -> list[str]:
    return ["/bin/bash"] if shutil.which("bash", path="/bin:/usr/bin") else ["/bin/sh"]


def _read_end(pipe: object) -> int:
    fd: int = pipe.fileno()  # type: ignore[attr-defined] # Popen types its pipes as optional
    os.set_blocking(fd, False)
    return fd


def environment_variables(pairs: Mapping[str, str]) -> dict[str, str]:
    """Return a job's own variables as text, those that no process can carry left out."""
    return {k: v for k, v in pairs.items() if k and "=" not in k and "\0" not in k + v}
