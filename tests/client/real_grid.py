"""A real exchange and a real agent as processes, for tests marked `real`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from suanwang.client.sync.client import Client

CENTRE = """
name = "Zhongwei 1"
zone = "zhongwei"
city = "zhongwei"
province = "ningxia"
data_price_gb = "0.10"
cold_price_gb_month = "0.02"

[[pools]]
name = "cpu"
chip = "generic-x86-64"
cards_per_node = 2
cores_per_node = 4
memory_gb = 8
disk_gb = 20
price = "0.50"
"""
START_SECONDS = 40


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class RealGrid:
    """A server of its own, a buyer with money, and a centre if it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.home = folder / "config"
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SUANWANG_")},
            "SUANWANG_DATABASE_URL": f"sqlite:///{folder / 'grid.db'}",
            "SUANWANG_DATA_DIR": str(folder / "data"),
            "SUANWANG_PORT": str(port),
            "SUANWANG_SETTLE_EVERY": "1",
            "XDG_CONFIG_HOME": str(self.home),
            "SUANWANG_LANG": "en",
            "COLUMNS": "200",
        }
        self.processes: list[subprocess.Popen] = []
        self._start("serve", "serve")
        try:
            self._open()
        except BaseException:
            self.end()  # nothing that was started here outlives it
            raise

    def _open(self) -> None:
        self._until(self._healthy)
        operator = (self.folder / "data" / "operator.key").read_text("utf-8").strip()
        self.operator = Client(self.url, operator)
        buyer = self.operator.operator.open_organisation("Lab")
        self.key = buyer.keys[0].key
        self.organisation_id = buyer.id
        self.operator.operator.top_up(buyer.id, "100", reference="test")
        self.env["SUANWANG_URL"] = self.url
        self.env["SUANWANG_KEY"] = self.key

    def join(self) -> None:
        """Let a centre in and run its agent."""
        made = self.operator.operator
        owner = made.open_organisation("Centre Ltd", roles=["provider"])
        centre = made.add_centre(owner.id, "Zhongwei 1", zone="zhongwei")
        config, home = self.folder / "centre.toml", self.folder / "agent"
        config.write_text(CENTRE, "utf-8")
        joined = self.run("agent", "join", "--server", self.url, "--key-file", "-",
                          "--dir", str(home), "--config", str(config), stdin=centre.key.key)  # fmt: skip
        assert joined.returncode == 0, joined.stderr
        self._start("agent", "agent", "run", "--dir", str(home), "--no-sandbox")
        self._until(lambda: list(self.operator.offers.list()))

    def run(self, *words: str, stdin: str = "", timeout: float = 60, **env: str):
        """Run `suan WORDS` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "suanwang.client", *words],
            env={**self.env, **env}, cwd=self.folder, input=stdin, text=True,
            capture_output=True, timeout=timeout, check=False,
        )  # fmt: skip

    def popen(self, *words: str) -> subprocess.Popen:
        """Start `suan WORDS`."""
        process = subprocess.Popen(
            [sys.executable, "-m", "suanwang.client", *words], env=self.env, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def _start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "suanwang.client", *words], env=self.env,
                    cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )
            )  # fmt: skip

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).is_success
        except httpx.TransportError:
            return False

    def _until(self, ready) -> None:
        end = time.monotonic() + START_SECONDS
        while not ready():
            logs = "\n".join(p.read_text("utf-8")[-2000:] for p in self.folder.glob("*.log"))
            assert time.monotonic() < end, f"not within {START_SECONDS} s\n{logs}"
            time.sleep(0.1)

    def close(self) -> None:
        """Leave, and end every process that was started here."""
        self.operator.close()
        self.end()

    def end(self) -> None:
        """End every process that was started here."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe:
                    pipe.close()
