"""10,000 jobs in one control plane: its memory, and how fast it answers about them.

    python benchmarks/tracked_jobs.py [--jobs 10000] [--running 1000] [--seconds 10] [--db sqlite]

Ten centres with agents of ours (heartbeats, no real work) hold `running` jobs in RUNNING; others
wait for cards, so that every round looks at them again. Meanwhile 8 clients ask for one job and
1 for lists. RSS is the server process's peak since its start.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from submit_rate import databases, start_server  # noqa: E402 - a neighbour

CENTRES = 10
ZONES = ["zhongwei", "guian", "wuhu", "beijing", "shanghai"]
BATCH = 500


class Centre:
    """A centre whose agent takes jobs and says that they run, for ever."""

    def __init__(self, url: str, operator: httpx.Client, owner: str, number: int) -> None:
        zone = ZONES[number % len(ZONES)]
        body = {"organisation_id": owner, "name": f"centre-{number}", "zone": zone}
        made = operator.post("/centres", json=body).raise_for_status().json()
        headers = {"Authorization": f"Bearer {made['key']['key']}"}
        self.client = httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=60)
        self.leases: list[dict[str, Any]] = []

    def hello(self, cards: int) -> None:
        """Offer so many cards."""
        pool = {
            "name": "cpu", "chip": "xeon-8380", "nodes": cards, "cards_per_node": 1,
            "cores_per_node": 40, "memory_gb": "64", "disk_gb": "1000",
            "price": {"kind": "flat", "price": "1"},
        }  # fmt: skip
        body = {"public_key": "0" * 64, "centre": {}, "pools": [pool]}
        self.client.post("/agent/hello", json=body).raise_for_status()

    def take(self) -> None:
        """Take what there is, and say that it runs."""
        body = {"wait_seconds": 0, "max": 100}
        got = self.client.post("/agent/leases", json=body).raise_for_status().json()["leases"]
        for each in got:
            for verb in ("staged", "started"):
                path = f"/agent/leases/{each['lease_id']}/{verb}"
                self.client.post(path, json={"token": each["token"]})
        self.leases += [{"lease_id": e["lease_id"], "token": e["token"]} for e in got]

    def beat(self) -> None:
        """Prove life."""
        self.client.post("/agent/heartbeat", json={"leases": self.leases}).raise_for_status()


def prepare(
    url: str, operator: httpx.Client, *, jobs: int, running: int, stop: threading.Event
) -> str:
    """Make the organisation, its centres and its jobs; return the buyer's key."""
    body = {"name": "Bench", "roles": ["buyer"]}
    made = operator.post("/organisations", json=body).raise_for_status().json()
    top_up = {"organisation_id": made["id"], "amount": "100000000", "reference": "1"}
    operator.post("/top-ups", json=top_up).raise_for_status()
    centres = [Centre(url, operator, made["id"], n) for n in range(CENTRES)]
    for centre in centres:
        centre.hello(max(1, running // CENTRES))
        threading.Thread(target=keep_alive, args=(centre, stop), daemon=True).start()
    key = made["keys"][0]["key"]
    headers = {"Authorization": f"Bearer {key}"}
    buyer = httpx.Client(base_url=f"{url}/v1", headers=headers, timeout=120)
    spec = {"name": "bench", "run": "x", "expected": "1h", "time_limit": "2h"}
    for start in range(0, jobs, BATCH):
        count = min(BATCH, jobs - start)
        wire = spec | {"name": f"array-{start}", "array": f"0-{count - 1}"}
        buyer.post("/jobs", json={"spec": wire, "accept": True}).raise_for_status()
    return key


def keep_alive(centre: Centre, stop: threading.Event) -> None:
    """Let an agent take and beat until told to stop."""
    while not stop.is_set():
        centre.beat()
        centre.take()
        stop.wait(5)


def states(url: str) -> dict[str, int]:
    """Count jobs by state from the metrics."""
    text = httpx.get(f"{url}/metrics", timeout=60).text
    lines = [x for x in text.splitlines() if x.startswith("suanwang_jobs{")]
    return {x.split('"')[1]: int(float(x.rsplit(" ", 1)[1])) for x in lines}


def measure(folder: Path, database_url: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Fill one server and ask it."""
    server = start_server(folder, database_url)
    stop = threading.Event()
    try:
        headers = {"Authorization": f"Bearer {server.operator}"}
        operator = httpx.Client(base_url=f"{server.url}/v1", headers=headers, timeout=60)
        start = time.monotonic()
        key = prepare(server.url, operator, jobs=asked.jobs, running=asked.running, stop=stop)
        submitted = time.monotonic() - start
        wanted = {"RUNNING": asked.running, "SUBMITTED": 0}
        while not all(states(server.url).get(s, 0) == n for s, n in wanted.items()):
            if time.monotonic() - start > asked.settle_seconds:
                break
            time.sleep(1)
        settled = time.monotonic() - start
        found = ask(server.url, key, seconds=asked.seconds)
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        peak = next(x for x in status.splitlines() if x.startswith("VmHWM")).split()[1]
        return {
            "states": states(server.url),
            "submitted_seconds": round(submitted, 1),
            "settled_seconds": round(settled, 1),
            "peak_mib": int(peak) // 1024,
            **found,
        }
    finally:
        stop.set()
        server.stop()


def ask(url: str, key: str, *, seconds: float) -> dict[str, Any]:
    """Ask for single jobs and for lists at the same time."""
    headers = {"Authorization": f"Bearer {key}"}
    ids = [
        job["id"]
        for job in httpx.get(
            f"{url}/v1/jobs", params={"limit": 500}, headers=headers, timeout=60
        ).json()["items"]
    ]
    load = [sys.executable, str(ROOT / "benchmarks" / "load.py"), url, "GET"]
    environment = {**os.environ, "BENCH_KEY": key}
    asked = [(f"/v1/jobs/{ids[0]}", "8"), ("/v1/jobs?limit=50&state=QUOTED", "1")]
    running = [
        subprocess.Popen(
            [*load, path, "", clients, str(seconds)],
            env=environment, stdout=subprocess.PIPE, text=True,
        )
        for path, clients in asked
    ]  # fmt: skip
    one, many = (json.loads(process.communicate()[0]) for process in running)
    return {"one_job": one, "a_list": many}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--running", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--settle-seconds", type=float, default=300)
    parser.add_argument("--db", default="sqlite")
    asked = parser.parse_args()
    # Ten agents in one process on a busy machine are slow to beat; this is not about silence.
    os.environ.setdefault("SUANWANG_LEASE_SECONDS", "120")
    with tempfile.TemporaryDirectory(prefix="tracked-jobs-") as name:
        for database, url, server in databases(asked.db.split(","), Path(name)):
            folder = Path(name) / database
            folder.mkdir()
            try:
                found = measure(folder, url, asked)
            finally:
                if server is not None:
                    server.stop()
            print(database, json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
