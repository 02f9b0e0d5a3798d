"""Good defaults for agents, leases and centres, so that a test shows only what matters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from suanwang.agent.backends import cgroups
from suanwang.agent.backends.order import GB, MB, JobOrder, Limits
from suanwang.agent.config import AgentConfig, CentreFacts, Home
from suanwang.agent.journal import Journal
from suanwang.agent.lease import Lease, LeaseInput, monotonic

KEY = "sk_key_1_secret"
ROOT = Path(__file__).parents[2]


def an_id(kind) -> str:
    """Make a fresh id."""
    return kind.make(datetime.now(UTC), os.urandom(10))


def a_centre(**facts: Any) -> CentreFacts:
    pool = {
        "name": "cpu", "chip": "generic-x86-64", "cards_per_node": 4, "cores_per_node": 4,
        "memory_gb": 8, "disk_gb": 20, "price": "0.50",
    }  # fmt: skip
    known = {"name": "Yinchuan 1", "zone": "zhongwei", "city": "yinchuan", "province": "CN-NX"}
    known |= {"pools": [pool], "cold_price_gb_month": "0.02", "drain_seconds": 20}
    return CentreFacts.model_validate(known | facts)


def a_home(folder: Path, server: str, **facts: Any) -> Home:
    """Return a directory that has joined `server`."""
    home = Home(folder)
    home.save(AgentConfig(server=server, centre=a_centre(**facts)), KEY)
    return home


def a_lease(*inputs: LeaseInput, **facts: Any) -> Lease:
    known = {
        "lease_id": "lse_01JB3ZK8Q4AAAAAAAAAAAAAAAA", "job_id": "job_01JB3ZK8Q4AAAAAAAAAAAAAAAA",
        "token": 1, "pool": "cpu", "cards": 1, "spec": {"name": "x", "run": "true"},
        "time_limit_seconds": 30, "ends": monotonic() + 60, "inputs": inputs,
    }  # fmt: skip
    return Lease(**known | facts)


def an_order(folder: Path, run: str, **limits: Any) -> JobOrder:
    known = {"cores": 1, "memory_bytes": 200 * MB, "disk_bytes": 50 * MB, "seconds": 20.0}
    known |= {"processes": 64, "grace_seconds": 0.5, "tmp_bytes": 20 * MB}
    work, control = folder / "work", folder / "control"
    work.mkdir()
    control.mkdir()
    return JobOrder(
        lease_id=folder.name, work=work, control=control, setup="", run=run, variables={},
        limits=Limits(**known | limits),
    )  # fmt: skip


class AgentProcess:
    """`suan agent run` as a process of its own."""

    def __init__(self, home: Home, *options: str, env: dict[str, str] | None = None) -> None:
        self.home = home
        self.log = (home.folder / "agent.log").open("ab")
        code = "from suanwang.agent.commands import app; app()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "run", "--dir", self.folder(home), *options],
            cwd=ROOT, env=os.environ | (env or {}), stderr=self.log, stdout=self.log,
        )  # fmt: skip

    @staticmethod
    def folder(home: Home) -> str:
        """Return the directory as its operator writes it."""
        return str(home.folder)

    def end(self, number: int = signal.SIGTERM, *, within: float = 20.0) -> int:
        """Send a signal and wait for the end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(within)
        finally:
            self.process.kill()
            self.process.wait()
            self.log.close()

    def clear(self) -> None:
        """Kill it and whatever it leaves, as its next start would."""
        self.process.kill()
        self.process.wait()
        self.log.close()
        journal = Journal(self.home.journal)
        for left in journal.unfinished():
            cgroups.remove(cgroups.folders_of(f"suanwang-{left.lease_id}"))
        journal.close()

    def said(self) -> str:
        """Return what it wrote."""
        return (self.home.folder / "agent.log").read_text("utf-8")


def alive(mark: str) -> list[int]:
    """Return the processes whose command line holds `mark`."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            try:
                words = (path / "cmdline").read_bytes()
            except OSError:
                continue
            if mark.encode() in words.replace(b"\0", b" "):
                found.append(int(path.name))
    return found


def wait_alive(mark: str, *, within: float = 10.0) -> None:
    """Wait until some process carries `mark`."""
    until = time.monotonic() + within
    while not alive(mark):
        assert time.monotonic() < until, f"{mark} never started"
        time.sleep(0.02)


def wait_gone(mark: str, *, within: float = 10.0) -> bool:
    """Wait until no process carries `mark`."""
    until = time.monotonic() + within
    while alive(mark):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


__all__ = ["GB", "MB"]
