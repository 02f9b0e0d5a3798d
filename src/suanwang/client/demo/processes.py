"""Starts the demo's server and agents as real processes, and stops them by their own ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from suanwang.client.demo.errors import DemoFailed

STOP_SECONDS = 8.0
LOG_TAIL_LINES = 12


def free_port() -> int:
    """Ask the system for a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Processes:
    """The demo's children; used as a context so that none outlives it."""

    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, *arguments: str, env: dict[str, str] | None = None) -> None:
        """Start `suan ARGUMENTS`, its output in a log file of its own."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "suanwang.client", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                # Ctrl-C reaches the demo alone, which then stops its children in order.
                start_new_session=True,
            )

    def run(self, name: str, *arguments: str, env: dict[str, str] | None = None) -> None:
        """Run `suan ARGUMENTS` to its end; DemoFailed with its last words if it fails."""
        self.start(name, *arguments, env=env)
        if self.running.pop(name).wait() != 0:
            raise DemoFailed(what=name, why=self.last_words(name))

    def last_words(self, name: str) -> str:
        """Return the end of a process's log."""
        text = (self.logs / f"{name}.log").read_text("utf-8", errors="replace")
        return "\n".join(text.strip().splitlines()[-LOG_TAIL_LINES:]) or "no output"

    def wait_until(self, ready: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Wait until `ready()`; DemoFailed if a child dies first or the time runs out."""
        end = time.monotonic() + seconds
        while not ready():
            for name, process in self.running.items():
                if process.poll() is not None:
                    raise DemoFailed(what=name, why=self.last_words(name))
            if time.monotonic() > end:
                words = "\n".join(f"{n}: {self.last_words(n)}" for n in self.running)
                raise DemoFailed(what=what, why=words)
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask each child to end, agents before the server, then insist."""
        for process in reversed(list(self.running.values())):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()
