"""Start one job's process from a clean slate; standard library only, run as a script.

    python -I -S launch.py ORDER.json

The agent has threads, so nothing may run between fork and exec in it; this small program does
that work instead: joins the job's cgroups, sets its resource limits, then either becomes
bubblewrap (`exec`) or stays as the job's guard (`guard`), which reaps and kills the whole tree when
the job ends or the agent dies. Its own environment is empty: in a pid namespace /proc/1/environ
shows it.

What started ends with `{"exit-code": N}` in the order's status file, in bubblewrap's own words;
what failed before the job's first instruction leaves none, and is the centre's fault.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SWEEPS = 200
_AHEAD = 5
_LAUNCH_FAILED = 125  # as env(1) and docker-run(1): the launcher itself failed


def main(path: str) -> int:
    """Read the order and start the job; returns only in guard mode or on failure."""
    order = json.loads(Path(path).read_text("utf-8"))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL if order["mode"] == "exec" else signal.SIGTERM)
    if os.getppid() != order["parent"]:
        return _LAUNCH_FAILED  # the agent died before the line above
    for procs in order["join"]:
        Path(procs).write_text("0", "ascii")
    _limit(order)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # Python ignores them, and a child would inherit it
    if order["mode"] == "guard":
        return _guard(order, libc)
    opened = {
        "ARGS_FD": os.open(order["args"], os.O_RDONLY),
        "STATUS_FD": os.open(order["status"], os.O_WRONLY | os.O_CREAT, 0o600),
    }
    for descriptor in opened.values():
        os.set_inheritable(descriptor, True)
    command = [str(opened.get(word, word)) for word in order["argv"]]
    os.execve(command[0], command, {})  # noqa: S606 - no shell is the point
    return _LAUNCH_FAILED


def _limit(order: dict[str, Any]) -> None:
    if order["cores"]:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, order["cores"])
    for name, value in order["rlimits"].items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _guard(order: dict[str, Any], libc: ctypes.CDLL) -> int:
    """Run the job as a child, and leave none of its descendants behind."""
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)  # orphans come to us, wherever they hid
    with contextlib.suppress(OSError):
        os.nice(-_AHEAD)  # where we may: to be heard above a thousand children
    told = os.pipe()
    signal.set_wakeup_fd(_unblock(told[1]))
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    if os.getppid() != order["parent"]:
        return _LAUNCH_FAILED
    begun = os.pipe()  # closed by the child's exec; written to if that fails
    child = os.fork()
    if child == 0:
        _become(order, libc, failed=begun[1])
    os.close(begun[1])
    started = not os.read(begun[0], 1)
    status = _wait(child, told[0])
    _kill_descendants()
    if started:
        Path(order["status"]).write_text(json.dumps({"exit-code": status}), "ascii")
    return status


def _unblock(fd: int) -> int:
    os.set_blocking(fd, False)
    return fd


def _become(order: dict[str, Any], libc: ctypes.CDLL, *, failed: int) -> None:
    try:
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, 0)
        os.chdir(order["cwd"])
        os.execve(order["argv"][0], order["argv"], order["env"])  # noqa: S606 - no shell
    finally:
        os.write(failed, b"!")
        os._exit(_LAUNCH_FAILED)


def _wait(child: int, told: int) -> int:
    # Ends with the job's status, or with SIGTERM: from the agent, or because it died.
    while True:
        select.select([told], [], [])
        numbers = os.read(told, 64)
        if signal.SIGTERM in numbers:
            return 128 + signal.SIGTERM
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pid = 0
            if pid == 0:
                break
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code


def _kill_descendants() -> None:
    # Whole groups first: the kernel kills a group at once, forks under way included, which no
    # reading of /proc can. What made groups of its own is found in the next sweep.
    own = os.getpgrp()
    for _ in range(_SWEEPS):
        living = {pid: group for pid, (state, _, group) in _descendants().items() if state != "Z"}
        if not living:
            break
        for group in set(living.values()) - {own}:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)
        for pid, group in living.items():
            if group == own:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _descendants() -> dict[int, tuple[str, int, int]]:
    """Return our descendants: pid → state, parent, process group."""
    everything = {int(p.name): _stat(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
    children: dict[int, list[int]] = {}
    for pid, (_, parent, _) in everything.items():
        children.setdefault(parent, []).append(pid)
    found, queue = {}, [os.getpid()]
    while queue:
        for pid in children.get(queue.pop(), []):
            found[pid] = everything[pid]
            queue.append(pid)
    return found


def _stat(process: Path) -> tuple[str, int, int]:
    try:
        text = (process / "stat").read_text("utf-8", errors="replace")
    except OSError:
        return "Z", 0, 0
    state, parent, group = text.rpartition(")")[2].split()[:3]
    return state, int(parent), int(group)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except (OSError, ValueError, KeyError) as problem:
        # What is printed here stands in the buyer's log: a sentence, and nothing of this machine.
        sys.exit(f"The centre could not start the job ({type(problem).__name__}).")
