"""`suan serve` as a process: starts, serves, streams, is killed, comes back, stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest
from tests.server.world import POOL, SPEC

pytestmark = pytest.mark.real
SECONDS = 20
SERVE = [sys.executable, "-c", "from suanwang.server.commands import serve; serve()"]


class Process:
    """One server process on a free port."""

    def __init__(self, folder, database_url, name="a", **env):
        self.folder = folder / name
        self.folder.mkdir(exist_ok=True)
        (self.folder / "server.url").unlink(missing_ok=True)
        self.log = self.folder / "log.txt"
        command = [
            *SERVE, "--port", "0", "--db", database_url, "--data-dir", str(self.folder),
            "--settle-every", "0.2", "--log-format", "json",
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": "src", "SUANWANG_LEASE_SECONDS": "10"} | env
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.clients: list[httpx.Client] = []
        self.url = self.wait()

    def wait(self):
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            file = self.folder / "server.url"
            if file.exists():
                url = file.read_text().strip()
                try:
                    httpx.get(f"{url}/healthz").raise_for_status()
                except httpx.HTTPError:
                    pass
                else:
                    return url
            time.sleep(0.02)
        raise AssertionError(self.log.read_text()[-2000:])

    def client(self, key):
        headers = {"Authorization": f"Bearer {key}"}
        made = httpx.Client(base_url=f"{self.url}/v1", headers=headers, timeout=SECONDS)
        self.clients.append(made)
        return made

    @property
    def operator(self):
        return self.client((self.folder / "operator.key").read_text().strip())

    def stop(self, sig=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(sig)
        code = self.process.wait(SECONDS)
        for client in self.clients:
            client.close()
        return code


@pytest.fixture
def durable_url(database_url):
    return database_url.replace("?synchronous=off", "")


@pytest.fixture
def server(tmp_path, durable_url):
    process = Process(tmp_path, durable_url)
    yield process
    process.stop(signal.SIGKILL)


def a_buyer(server):
    body = {"name": f"Lab{time.time_ns()}", "roles": ["buyer", "provider"]}
    made = server.operator.post("/organisations", json=body).json()
    top_up = {"organisation_id": made["id"], "amount": "1000", "reference": made["id"]}
    assert server.operator.post("/top-ups", json=top_up).status_code == 201
    return made["id"], made["keys"][0]["key"]


def a_centre(server, owner):
    body = {"organisation_id": owner, "name": f"c{time.time_ns()}", "zone": "zhongwei"}
    made = server.operator.post("/centres", json=body).json()
    agent = server.client(made["key"]["key"])
    hello = {"public_key": "0" * 64, "centre": {}, "pools": [POOL]}
    assert agent.post("/agent/hello", json=hello).status_code == 200
    return agent


def submit(client, **headers):
    answer = client.post("/jobs", json={"spec": SPEC, "accept": True}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["items"][0]["id"]


def wait_for(client, job_id, *states):
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        job = client.get(f"/jobs/{job_id}").json()
        if job["state"] in states:
            return job
        time.sleep(0.01)
    raise AssertionError(job)


def test_a_job_is_placed_in_a_moment(server):
    owner, key = a_buyer(server)
    a_centre(server, owner)
    buyer = server.client(key)
    wait_for(buyer, submit(buyer), "PLACED")
    start = time.monotonic()
    wait_for(buyer, submit(buyer), "PLACED")
    assert time.monotonic() - start < 3  # 0.04 s on an idle machine


def test_a_killed_server_has_lost_nothing_that_it_acknowledged(server, tmp_path, durable_url):
    _, key = a_buyer(server)
    buyer = server.client(key)
    made: list[str] = []

    def keep_submitting():
        try:
            while True:
                made.append(submit(buyer))
        except (httpx.HTTPError, AssertionError):
            return

    thread = threading.Thread(target=keep_submitting)
    thread.start()
    time.sleep(0.5)
    server.stop(signal.SIGKILL)
    thread.join(SECONDS)
    again = Process(tmp_path, durable_url)
    try:
        client = again.client(key)
        assert len(made) > 5
        missing = [j for j in made if client.get(f"/jobs/{j}").status_code != 200]
        assert missing == []
        assert again.operator.get("/ledger/check").json()["balanced"]
    finally:
        again.stop(signal.SIGKILL)


def test_sigterm_answers_what_is_in_hand_and_ends_streams(server):
    owner, key = a_buyer(server)
    agent, buyer = a_centre(server, owner), server.client(key)
    results = {}

    def poll():
        results["leases"] = agent.post("/agent/leases", json={"wait_seconds": 15}).status_code

    def follow():
        with buyer.stream("GET", "/events") as answer:
            results["stream"] = b"".join(answer.iter_raw())

    threads = [threading.Thread(target=poll), threading.Thread(target=follow)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    start = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - start < 8
    for thread in threads:
        thread.join(SECONDS)
    assert results["leases"] == 200
    assert results["stream"].startswith(b"retry:")
    events = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert events[-1]["event"] == "server stopped"


def test_events_are_streamed_and_resumed(server):
    _, key = a_buyer(server)
    buyer = server.client(key)
    job = submit(buyer)
    wait_for(buyer, job, "REJECTED")

    def read(after, count):
        found = []
        headers = {"Last-Event-ID": str(after)}
        with buyer.stream("GET", "/events", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    found.append(int(line[4:]))
                if len(found) == count:
                    return found
        return found

    first = read(0, 4)
    assert first == sorted(first)
    assert read(first[1], 2) == first[2:]


def test_two_servers_on_one_database_are_one_exchange(tmp_path, durable_url, dialect):
    if dialect == "sqlite":
        pytest.skip("several servers share a PostgreSQL")
    first = Process(tmp_path, durable_url, "a")
    second = Process(tmp_path, durable_url, "b")
    try:
        owner, key = a_buyer(first)
        a_centre(first, owner)
        one, two = first.client(key), second.client(key)
        same = [submit(c, **{"Idempotency-Key": "twice"}) for c in (one, two, one)]
        assert len(set(same)) == 1
        made = [submit(c) for c in (one, two) * 10]
        for job in made:
            wait_for(two, job, "PLACED", "QUOTED")
        first.stop(signal.SIGKILL)
        job = submit(two)
        wait_for(two, job, "PLACED", "QUOTED")
        assert two.get("/accounts").status_code == 200
    finally:
        first.stop(signal.SIGKILL)
        second.stop(signal.SIGKILL)


def test_a_taken_port_is_one_sentence(server, tmp_path):
    port = server.url.rsplit(":", 1)[1]
    command = [*SERVE, "--port", port, "--db", "sqlite://", "--data-dir", str(tmp_path / "x")]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=False,
        env={**os.environ, "PYTHONPATH": "src", "LC_ALL": "C"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"port {port}" in done.stderr


def test_no_key_stands_in_the_log(server):
    _, key = a_buyer(server)
    server.client(key).get("/me")
    assert key.rsplit("_", 1)[1] not in server.log.read_text()
