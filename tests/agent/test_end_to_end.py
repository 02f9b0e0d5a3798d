"""One job, all the way: `suan serve`, `suan agent join` and `run`, from submission to SETTLED."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from tests.agent.builders import ROOT, AgentProcess, wait_alive, wait_gone

from suanwang.agent.config import Home

pytestmark = pytest.mark.real

CENTRE = """
name = "Zhongwei 1"
zone = "zhongwei"
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


class Grid:
    """A server of its own and whatever joins it."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.settings = {
            "SUANWANG_DATABASE_URL": f"sqlite:///{folder / 'grid.db'}",
            "SUANWANG_DATA_DIR": str(folder / "data"),
            "SUANWANG_PORT": str(port),
            "SUANWANG_SETTLE_EVERY": "1",
        }
        self.log = (folder / "server.log").open("ab")
        self.agents = []
        self.start()
        self.operator = (folder / "data" / "operator.key").read_text("utf-8").strip()
        buyer = self.post("/v1/organisations", {"name": "Lab", "roles": ["buyer"]})
        self.buyer = buyer["keys"][0]["key"]
        self.post("/v1/top-ups", {"organisation_id": buyer["id"], "amount": "1000",
                                  "reference": "test"})  # fmt: skip

    def start(self):
        code = "from suanwang.server.commands import serve; serve()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | self.settings, cwd=ROOT,
            stdout=self.log, stderr=self.log,
        )  # fmt: skip
        self.until(self._healthy, "server start")

    def _healthy(self):
        try:
            return httpx.get(f"{self.url}/healthz", timeout=1).is_success
        except httpx.TransportError:
            return False

    def until(self, ready, what, within=30):
        end = time.monotonic() + within
        while not (found := ready()):
            assert time.monotonic() < end, f"{what}: not within {within} s\n{self.words()}"
            time.sleep(0.1)
        return found

    def words(self):
        logs = [self.folder / "server.log", *self.folder.glob("agent*/agent.log")]
        return "\n".join(path.read_text("utf-8")[-3000:] for path in logs)

    def ask(self, method, path, key=None, **more):
        headers = {"Authorization": f"Bearer {key or self.operator}"}
        if method == "POST":
            headers["Idempotency-Key"] = os.urandom(8).hex()
        return httpx.request(method, self.url + path, headers=headers, timeout=10, **more)

    def post(self, path, body, key=None):
        answer = self.ask("POST", path, key, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path):
        answer = self.ask("GET", path, self.buyer)
        assert answer.is_success, answer.text
        return answer.json()

    def join(self, name="Zhongwei 1"):
        owner = self.post("/v1/organisations", {"name": f"{name} Ltd", "roles": ["provider"]})
        made = self.post("/v1/centres", {"organisation_id": owner["id"], "name": name,
                                         "zone": "zhongwei"})  # fmt: skip
        folder = self.folder / f"agent-{len(self.agents)}"
        config = self.folder / f"{folder.name}.toml"
        config.write_text(CENTRE, "utf-8")
        code = "from suanwang.agent.commands import app; app()"
        words = ["join", "--server", self.url, "--key-file", "-", "--dir", str(folder)]
        done = subprocess.run(
            [sys.executable, "-c", code, *words, "--config", str(config)], text=True, cwd=ROOT,
            input=made["key"]["key"] + "\n", capture_output=True, check=False, timeout=30,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.agents.append(AgentProcess(Home(folder)))
        return self.agents[-1]

    def submit(self, **spec):
        body = {"spec": {"name": "x", "resources": {"memory": "200MB"}} | spec, "accept": True}
        return self.post("/v1/jobs", body, self.buyer)["items"][0]["id"]

    def state(self, job):
        return self.get(f"/v1/jobs/{job}")["state"]

    def wait(self, job, *states, within=40):
        def there():
            found = self.state(job)
            return found if found in states else None

        return self.until(there, f"{job} in {states} (is {self.state(job)})", within)

    def close(self):
        for agent in self.agents:
            agent.clear()
        self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture
def grid(tmp_path):
    made = Grid(tmp_path)
    yield made
    made.close()


def test_a_job_goes_from_submission_to_settled(grid):
    agent = grid.join()
    question = b"6 * 7"
    blob = f"blob:{hashlib.sha256(question).hexdigest()}"
    put = grid.ask("PUT", f"/v1/blobs/{blob[5:]}", grid.buyer, content=question)
    assert put.is_success, put.text
    job = grid.submit(
        run="echo working; mkdir out; echo $(($(cat in.txt))) > out/answer.txt",
        inputs=[{"from": blob, "to": "in.txt"}], outputs=["out"],
    )  # fmt: skip
    assert grid.wait(job, "SETTLED", "FAILED", "LOST", "REJECTED") == "SETTLED"
    shown = grid.get(f"/v1/jobs/{job}")
    assert shown["exit_code"] == 0
    assert float(shown["charge"]) > 0
    outputs = grid.get(f"/v1/jobs/{job}/outputs")["items"]
    assert [each["name"] for each in outputs] == ["out/answer.txt"]
    answer = grid.ask("GET", f"/v1/jobs/{job}/outputs/out/answer.txt", grid.buyer)
    assert answer.content == b"42\n"
    assert "working" in grid.ask("GET", f"/v1/jobs/{job}/logs", grid.buyer).text
    assert agent.end() == 0


def test_kill_9_of_an_agent_moves_its_job_and_bills_it_once(grid):
    mark = f"sleep 9.{os.getpid()}"
    first = grid.join()
    job = grid.submit(run=f"{mark}; echo done")
    wait_alive(mark, within=30)
    grid.join("Zhongwei 2")
    first.end(signal.SIGKILL)
    assert wait_gone(mark)
    assert grid.wait(job, "SETTLED", "FAILED", "LOST", within=50) == "SETTLED"
    shown = grid.get(f"/v1/jobs/{job}")
    assert (shown["attempt"], shown["exit_code"]) == (1, 0)
    verbs = [line["verb"] for line in grid.get(f"/v1/jobs/{job}/timeline")["items"]]
    assert verbs.count("bill") == 1


def test_a_job_outlives_kill_9_of_the_server(grid):
    mark = f"sleep 2.{os.getpid()}"
    grid.join()
    job = grid.submit(run=f"{mark}; echo done")
    wait_alive(mark, within=30)
    grid.process.kill()
    grid.process.wait()
    time.sleep(3)
    grid.start()
    assert grid.wait(job, "SETTLED", "FAILED", "LOST") == "SETTLED"
    assert grid.get(f"/v1/jobs/{job}")["attempt"] == 0


def test_a_job_is_not_given_to_an_agent_that_has_hung_up(grid):
    agent = grid.join()
    grid.until(lambda: "joined" in agent.said(), "the hello")
    time.sleep(1)  # in the middle of its long poll
    assert agent.end() == 0
    job = grid.submit(run="echo hi")
    grid.wait(job, "PLACED", "STAGED")
    grid.agents.append(AgentProcess(agent.home))
    assert grid.wait(job, "SETTLED", "FAILED", "LOST") == "SETTLED"
    assert grid.get(f"/v1/jobs/{job}")["attempt"] == 0
