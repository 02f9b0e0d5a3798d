"""`suan serve` and `suan agent run` as processes; each is ended by its own pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from suanwang.agent.backends import cgroups
from suanwang.agent.config import AgentConfig, CentreFacts, Home
from suanwang.agent.journal import Journal

ROOT = Path(__file__).parents[2]
START_SECONDS = 60  # three on an idle machine


class Suan:
    """One `suan …` process with its log."""

    def __init__(self, log: Path, *words: str, env: dict[str, str] | None = None) -> None:
        self.log = log
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SUANWANG_")}
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "suanwang.client", *words], env=clean | (env or {}),
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )  # fmt: skip

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def send(self, number: int) -> None:
        if self.runs:
            self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait until it is gone. A stopped process dies of it too."""
        self.send(signal.SIGKILL)
        self.process.wait()

    def said(self, tail: int = 3000) -> str:
        return self.log.read_text("utf-8", errors="replace")[-tail:]


class Server:
    """A control plane that keeps its address over restarts."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder, self._settings, self._port = folder, settings, 0
        self.url = ""
        folder.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        (self.folder / "server.url").unlink(missing_ok=True)
        env = self._settings | {"SUANWANG_DATA_DIR": str(self.folder)}
        self._suan = Suan(self.folder / "server.log", "serve", "--port", str(self._port), env=env)
        self.process = self._suan.process
        try:
            self._wait()
        except BaseException:  # the test's own time limit, too
            self.kill()
            raise
        self._port = int(self.url.rpartition(":")[2])

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not self._healthy():
            assert self._suan.runs, f"the server ended\n{self._suan.said()}"
            assert time.monotonic() < until, f"no server\n{self._suan.said()}"
            time.sleep(0.02)

    def _healthy(self) -> bool:
        try:
            self.url = (self.folder / "server.url").read_text("utf-8").strip()
            return httpx.get(f"{self.url}/healthz", timeout=2).is_success
        except (OSError, httpx.HTTPError):
            return False

    def send(self, number: int) -> None:
        self._suan.send(number)

    def kill(self) -> None:
        self._suan.kill()

    def said(self) -> str:
        return self._suan.said()

    @property
    def operator_key(self) -> str:
        return (self.folder / "operator.key").read_text("utf-8").strip()


class Agent:
    """A centre's site agent and its directory, which outlives it."""

    def __init__(
        self, folder: Path, *, log: Path, server: str, key: str, centre: CentreFacts
    ) -> None:
        self.home, self._log = Home(folder), log
        self.home.save(AgentConfig(server=server, centre=centre), key)
        self.start()

    def start(self) -> None:
        """Run the agent, in the sandbox."""
        self._suan = Suan(self._log, "agent", "run", "--dir", str(self.home.folder))

    @property
    def runs(self) -> bool:
        return self._suan.runs

    def send(self, number: int) -> None:
        self._suan.send(number)

    def kill(self) -> None:
        self._suan.kill()

    def said(self) -> str:
        return self._suan.said(6000)

    def clear(self) -> None:
        """Kill it and whatever control groups it leaves, as its next start would."""
        self.kill()
        journal = Journal(self.home.journal)
        for left in journal.unfinished():
            cgroups.remove(cgroups.folders_of(f"suanwang-{left.lease_id}"))
        journal.close()
