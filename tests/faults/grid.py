"""A whole grid of real processes to break: a server, a buyer with money, centres with agents.

    grid = Grid(folder, "sqlite:///…")
    grid.join("east"); job = grid.submit(run="echo hi"); grid.wait(job, "SETTLED")
    grid.kill_agent("east"); grid.kill_server(); grid.start_server(); grid.timeline(job)
    grid.check_money()

Everything runs at a pace of seconds: heartbeat 1 s, lease 3 s, rounds 0.2 s, settlement 1 s.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import httpx
from tests.faults.books import FINAL, Books
from tests.faults.processes import Agent, Server

from suanwang.agent.config import CentreFacts

PACE = {
    "SUANWANG_HEARTBEAT_SECONDS": "1",
    "SUANWANG_LEASE_SECONDS": "3",
    "SUANWANG_ROUND_EVERY_SECONDS": "0.2",
    "SUANWANG_SETTLE_EVERY": "1",
    "SUANWANG_LANG": "en",
}
MONEY = "1000"
POOL = {
    "name": "cpu", "chip": "generic-x86-64", "nodes": 1, "cards_per_node": 2, "cores_per_node": 4,
    "memory_gb": 8, "disk_gb": 20, "price": "0.50",
}  # fmt: skip
SPEC = {"name": "work", "resources": {"memory": "200MB", "disk": "40MB"}}


class Grid:
    """The grid and the words in which a test breaks it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.books = Books(database_url)
        self.agents: dict[str, Agent] = {}
        self.servers: list[Server] = []
        self.add_server()
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        # The first start opened the exchange; only that server knows its operator's key.
        self._operator = self.servers[0].operator_key
        buyer = self.tell("/v1/organisations", {"name": "Lab", "roles": ["buyer"]})
        self.buyer_id, self.buyer = buyer["id"], buyer["keys"][0]["key"]
        self.tell(
            "/v1/top-ups", {"organisation_id": buyer["id"], "amount": MONEY, "reference": "1"}
        )

    # ── servers ──

    @property
    def server(self) -> Server:
        return self.servers[0]

    def add_server(self) -> None:
        """Start one more server on the same database."""
        settings = PACE | {"SUANWANG_DATABASE_URL": self.books.url}
        folder = self.folder / f"server-{len(self.servers)}"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("secrets.key", "log.key") if self.servers else ():
            shutil.copy(self.server.folder / name, folder / name)  # as the docs tell operators to
        self.servers.append(Server(folder, settings))

    def kill_server(self) -> None:
        """kill -9 the (first) server."""
        self.server.kill()

    def start_server(self) -> None:
        """Start the (first) server again, on the same database and address."""
        self.server.start()

    # ── centres ──

    def admit(self, name: str) -> tuple[str, str]:
        """Let a centre in; return its id and its agent's key."""
        owner = self.tell("/v1/organisations", {"name": f"{name} Ltd", "roles": ["provider"]})
        body = {"organisation_id": owner["id"], "name": name, "zone": "zhongwei"}
        made = self.tell("/v1/centres", body)
        return made["centre"]["id"], made["key"]["key"]

    def join(self, name: str, *, at: Path | None = None, server: int = 0, **facts) -> None:
        """Let a centre in and start its agent; `at` is the agent's directory."""
        self.start_joining(name, at=at, server=server, **facts)
        self.wait_joined()

    def start_joining(self, name: str, *, at: Path | None = None, server: int = 0, **facts) -> None:
        """Let a centre in and start its agent, which is still to say hello."""
        _, key = self.admit(name)
        pool = POOL | facts
        known = {"name": name, "zone": "zhongwei", "pools": [pool], "drain_seconds": 5}
        centre = CentreFacts.model_validate(known)
        url = self.servers[server].url
        folder = at or self.folder / name
        log = self.folder / f"{name}.log"
        self.agents[name] = Agent(folder, log=log, server=url, key=key, centre=centre)

    def wait_joined(self) -> None:
        """Wait until every agent has said hello."""
        for name, agent in self.agents.items():
            self.until(lambda each=agent: "joined" in each.said(), f"{name} joins")

    def kill_agent(self, name: str) -> None:
        """kill -9 a centre's agent."""
        self.agents[name].kill()

    def start_agent(self, name: str) -> None:
        """Start a centre's agent again, in the same directory."""
        self.agents[name].start()

    # ── jobs ──

    def submit(self, *, server: int = 0, **spec) -> str:
        """Hand in one job, its quote accepted; return its id."""
        body = {"spec": SPEC | spec, "accept": True}
        return self.tell("/v1/jobs", body, self.buyer, server=server)["items"][0]["id"]

    def cancel(self, job: str) -> None:
        self.tell(f"/v1/jobs/{job}/cancel", {}, self.buyer)

    def show(self, job: str) -> dict:
        return self.ask(f"/v1/jobs/{job}")

    def timeline(self, job: str) -> list[dict]:
        """Return everything that has happened to a job, oldest first."""
        return self.ask(f"/v1/jobs/{job}/timeline")["items"]

    def verbs(self, job: str) -> list[str]:
        return [line["verb"] for line in self.timeline(job)]

    def reasons(self, job: str) -> list[str]:
        """Return the reasons on a job's timeline, oldest first."""
        codes = [(line.get("detail") or {}).get("code") for line in self.timeline(job)]
        return [code for code in codes if code]

    def wait(self, job: str, *states: str, within: float = 40) -> dict:
        """Wait until a job is in one of these states; another final one fails at once."""

        def there():
            shown = self.show(job)
            assert shown["state"] in states or shown["state"] not in FINAL, self.story(job)
            return shown if shown["state"] in states else None

        return self.until(there, lambda: f"{states}\n{self.story(job)}", within)

    def wait_for_verb(
        self, job: str, verb: str, *, within: float = 30, every: float = 0.005
    ) -> None:
        """Wait until a line is committed, looking at the database itself, many times a second."""
        self.until(lambda: verb in self.books.verbs(job), f"{verb} of {job}", within, every=every)

    def wait_running(self, job: str, mark: Path | None = None) -> dict:
        """Wait until a job runs (and has written `mark`)."""
        shown = self.wait(job, "RUNNING")
        if mark is not None:
            self.until(mark.exists, f"{mark} is written")
        return shown

    def work_of(self, name: str) -> Path:
        """Return the work directory of the one job that runs at a centre."""
        found = self.until(
            lambda: list(self.agents[name].home.jobs.glob("*/work")), f"work at {name}"
        )
        assert len(found) == 1, found
        return found[0]

    def centre_of(self, job: str) -> str:
        """Return the name of the centre that a job is at."""
        return self.show(job)["centre"]["name"]

    # ── money ──

    def check_money(self, *jobs: str) -> None:
        """Assert the books: balanced, nothing twice, and nothing held for what is over."""
        checked = self.ask("/v1/ledger/check", self._operator)
        assert checked["balanced"], checked
        assert self.books.wrongs() == {}
        assert self.books.findings() == ()
        for job in jobs:
            billed = self.books.number("SELECT count(*) FROM bills WHERE job_id = ?", job)
            metered = self.books.number(
                "SELECT count(*) FROM usage_records WHERE accepted = 1 AND job_id = ?", job
            )
            live = self.books.number(
                "SELECT count(*) FROM leases WHERE state = 'live' AND job_id = ?", job
            )
            settled = self.show(job)["state"] == "SETTLED"
            assert (billed, metered, live) == ((1, 1, 0) if settled else (billed, billed, 0)), (
                self.story(job)
            )

    def check_free(self, job: str) -> None:
        """Assert that a job has cost nothing and that the buyer can spend all of the money again."""
        self.check_money(job)
        assert self.books.number("SELECT count(*) FROM bills WHERE job_id = ?", job) == 0
        held = "SELECT count(*) FROM holds h JOIN transfers t ON t.id = h.id"
        held += " WHERE h.state = 'open' AND t.group_id = ?"
        assert self.books.number(held, job) == 0

    # ── the wire ──

    def tell(self, path: str, body: dict, key: str = "", *, server: int = 0) -> dict:
        """POST once, with a fresh idempotency key."""
        headers = {"Idempotency-Key": os.urandom(8).hex()}
        answer = self.call("POST", path, key, server=server, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    def ask(self, path: str, key: str = "", *, server: int | None = None) -> dict:
        """GET, again while no server answers."""
        until = time.monotonic() + 30
        while True:
            try:
                answer = self.call("GET", path, key or self.buyer, server=server or self._living())
            except httpx.TransportError:
                assert time.monotonic() < until, "no server answers"
                time.sleep(0.1)
            else:
                assert answer.is_success, answer.text
                return answer.json()

    def call(
        self, method: str, path: str, key: str = "", *, server: int = 0, headers=None, **more
    ) -> httpx.Response:
        """Make one HTTP call, whatever comes of it."""
        own = {"Authorization": f"Bearer {key or self._operator}"} | (headers or {})
        url = self.servers[server].url + path
        return httpx.request(method, url, headers=own, timeout=20, **more)

    def _living(self) -> int:
        living = [n for n, each in enumerate(self.servers) if each.process.poll() is None]
        return living[0] if living else 0

    def until(self, ready, what, within: float = 30, *, every: float = 0.05):
        """Wait until `ready()` returns something; say what was waited for if it does not."""
        end = time.monotonic() + within
        while not (found := ready()):
            said = what() if callable(what) else what
            assert time.monotonic() < end, f"not within {within} s: {said}\n{self.words()}"
            time.sleep(every)
        return found

    def story(self, job: str) -> str:
        """Tell all that is known of a job, for the message of a failed test."""
        lines = [
            f"{x['at']} {x['verb']} {x['state']} {x.get('detail')}" for x in self.timeline(job)
        ]
        return "\n".join([str(self.show(job)), *lines])

    def words(self) -> str:
        """Return the last words of every process."""
        speakers = {f"server-{n}": each for n, each in enumerate(self.servers)} | self.agents
        return "\n".join(f"── {name}\n{each.said()}" for name, each in speakers.items())

    def mend(self) -> None:
        """Start again what was killed, and end the jobs that a failed test has left."""
        for each in (*self.servers, *self.agents.values()):
            each.send(signal.SIGCONT)
        for server in self.servers:
            if server.process.poll() is not None:
                server.start()
        for agent in self.agents.values():
            if not agent.runs:
                agent.start()
        states = ", ".join(f"'{state}'" for state in FINAL)
        for (job,) in self.books.ask(f"SELECT id FROM jobs WHERE state NOT IN ({states})"):
            self.call("POST", f"/v1/jobs/{job}/cancel", self.buyer, json={})

    def close(self) -> None:
        """End everything, each by its own pid."""
        for agent in self.agents.values():
            agent.send(signal.SIGKILL)
        for agent in self.agents.values():
            agent.clear()
        for server in self.servers:
            server.kill()
