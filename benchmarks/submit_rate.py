"""How many single-job submissions a second: a real server, 32 keep-alive clients, fsync on.

    python benchmarks/submit_rate.py [--seconds 10] [--clients 32] [--db sqlite,postgresql]

Starts `suan serve` as a process of its own on a free port, and a load generator as another. Every
request is its own POST /v1/jobs with a body and an Idempotency-Key of its own; it counts when its
201 has come, which is after the commit is on the disk. Afterwards the jobs in the database are
counted and compared with the answers. The server's loops (quoting, clearing, …) run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
START_SECONDS = 30
SPEC = {"name": "bench", "run": "echo hi", "resources": {"cards": 1, "cpus": 1}, "expected": "1m"}


@dataclass
class Running:
    """A server process."""

    process: subprocess.Popen
    url: str
    operator: str

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.terminate()
        self.process.wait(20)


def start_server(folder: Path, database_url: str) -> Running:
    """Start `suan serve` on a free port and wait until it answers."""
    data = folder / "data"
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [
            sys.executable, "-c", "from suanwang.server.commands import serve; serve()",
            "--port", "0", "--db", database_url, "--data-dir", str(data),
            "--rate-limit", "1000000", "--log-level", "warning",
        ],
        stdout=log, stderr=log, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if (data / "server.url").exists() and (data / "operator.key").exists():
            url = (data / "server.url").read_text().strip()
            try:
                httpx.get(f"{url}/healthz").raise_for_status()
            except httpx.HTTPError:
                pass
            else:
                return Running(process, url, (data / "operator.key").read_text().strip())
        time.sleep(0.05)
    raise SystemExit((folder / "server.log").read_text())


def make_buyer(server: Running) -> str:
    """Let an organisation in and return its buyer's key."""
    headers = {"Authorization": f"Bearer {server.operator}"}
    body = {"name": "Bench", "roles": ["buyer"]}
    made = httpx.post(f"{server.url}/v1/organisations", json=body, headers=headers).json()
    return made["keys"][0]["key"]


def measure(folder: Path, database_url: str, *, clients: int, seconds: float) -> dict:
    """Load one server on one database and return what was seen."""
    server = start_server(folder, database_url)
    try:
        key = make_buyer(server)
        load = [
            sys.executable, str(ROOT / "benchmarks" / "load.py"), server.url, "POST", "/v1/jobs",
            json.dumps({"spec": SPEC}), str(clients), str(seconds),
        ]  # fmt: skip
        out = subprocess.run(
            load, check=True, capture_output=True, text=True, env={**os.environ, "BENCH_KEY": key}
        ).stdout
        found = json.loads(out)
        usage = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        found["server_cpu_seconds"] = (int(usage[11]) + int(usage[12])) / os.sysconf("SC_CLK_TCK")
        found["stored"] = count_jobs(server.url, key)
        assert found["stored"] >= found["created"], "an acknowledged job is not there"
        return found
    finally:
        server.stop()


def count_jobs(url: str, key: str) -> int:
    """Count the jobs in the database, page by page."""
    headers = {"Authorization": f"Bearer {key}"}
    total, cursor = 0, ""
    while cursor is not None:
        params = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
        page = httpx.get(f"{url}/v1/jobs", params=params, headers=headers, timeout=30).json()
        total, cursor = total + len(page["items"]), page["next_cursor"]
    return total


def databases(names: list[str], folder: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield each database asked for: its name, its address, and the server to stop, if any."""
    if "sqlite" in names:
        yield "sqlite", f"sqlite:///{folder}/bench.db", None
    if "postgresql" in names:
        sys.path.insert(0, str(ROOT))
        from tests.postgres_server import DURABLE_SETTINGS, start  # noqa: PLC0415 - not always here

        server = start(DURABLE_SETTINGS)
        yield "postgresql", server.make_database("bench"), server


def main() -> None:
    """Measure both databases and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--db", default="sqlite,postgresql")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory(prefix="submit-rate-") as name:
        for database, url, server in databases(asked.db.split(","), Path(name)):
            folder = Path(name) / database
            folder.mkdir()
            try:
                results[database] = measure(
                    folder, url, clients=asked.clients, seconds=asked.seconds
                )
            finally:
                if server is not None:
                    server.stop()
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "load": os.getloadavg()}
    if asked.json:
        print(json.dumps({"machine": machine, "results": results}, indent=2))
        return
    print(machine)
    for database, found in results.items():
        print(
            f"{database:<11} {found['rate']:7.0f} jobs/s   p50 {found['p50_ms']:6.1f} ms"
            f"   p95 {found['p95_ms']:6.1f} ms   p99 {found['p99_ms']:6.1f} ms"
            f"   {found['created']} created, {found['stored']} stored, {found['failed']} failed"
            f"   server CPU {found['server_cpu_seconds']:.1f} s"
        )


if __name__ == "__main__":
    main()
