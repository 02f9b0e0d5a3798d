"""Kill -9 after any commit of a job's life leads to one outcome.

The server dies after its n-th commit, for every n there is; a new one opens the same database. The
agent is told nothing and either says again what it was not answered, or is gone too.
"""

from __future__ import annotations

import pytest
from tests.flows.builders import a_spec, a_world

from suanwang.flows import loops
from suanwang.store import bills, leases
from suanwang.store.database import Store

# One database is enough: what is at stake is the order of commits, not who makes them durable.
pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])
COMMITS = 70  # of one job's life, as `test_every_commit_there_is_was_tried` sees


class Killed(BaseException):
    """The server has died."""


class MortalStore:
    """A store whose process dies after so many commits."""

    def __init__(self, url: str, commits: int) -> None:
        self.url, self.left = url, commits
        self.store = Store.open(url)

    def run_now(self, work):
        result = self.store.run_now(work)
        self.left -= 1
        if self.left == 0:
            raise Killed
        return result

    def read_now(self, work):
        return self.store.read_now(work)

    def reopen(self):
        self.store.close()
        self.store = Store.open(self.url)


def a_mortal_world(url, commits):
    world = a_world(MortalStore(url, 0))
    world.store.left = commits
    return world


def survive(world, do):
    """Do something that its caller repeats when no answer came."""
    try:
        return do()
    except Killed:
        world.store.reopen()
        return do()


def live(world, *, agent_survives):
    """See one job through, with whatever agent is there."""

    def submit():
        # The API's idempotency key makes a repeated submission the same one.
        return everything(world) or world.submit(a_spec())

    survive(world, submit)
    for _ in range(60):
        for loop in loops.LOOPS:
            try:
                world.loop(loop)
            except Killed:
                world.store.reopen()
        for agent in list(world.agents.values()):
            work(world, agent, agent_survives=agent_survives)
        world.sleep(3)
        if all(job.is_final for job in everything(world)):
            return


def work(world, agent, *, agent_survives):
    try:
        agent.beats()
        runs = agent.take()
    except Killed:
        world.store.reopen()
        return  # whatever was leased, the answer never came
    for run in runs:
        for step in (run.stage, run.start, run.finish):
            try:
                step()
            except Killed:
                world.store.reopen()
                if not agent_survives:
                    world.agents.pop(agent.name)
                    return
                step()


def everything(world):
    found = world.read(lambda tx: tx.all("jobs_page_of_all", **ALL))
    return [world.job(row["id"]) for row in found]


ALL = {
    "created_at": 2**62, "id": "~", "state": None, "kind": None, "name": None, "array_id": None,
    "limit": 100,
}  # fmt: skip


@pytest.mark.parametrize("agent_survives", [True, False], ids=["agent-lives", "agent-dies"])
@pytest.mark.parametrize("commits", range(1, COMMITS + 1))
def test_a_server_killed_after_any_commit_leads_to_one_outcome(
    database_url, commits, agent_survives
):
    world = a_mortal_world(database_url, commits)
    live(world, agent_survives=agent_survives)
    [job] = everything(world)
    assert job.state == "SETTLED"
    verbs = world.verbs(job.id)
    for once in ("submit", "finish", "meter", "bill", "settle"):
        assert verbs.count(once) == 1, (once, verbs)
    bill = world.read(lambda tx: bills.bill_of_job(tx, job.id))
    assert bill.total == job.charge
    spent = 1000 - world.account(world.buyer).available.decimal()
    assert spent == bill.total.decimal()
    assert world.read(lambda tx: leases.live_of_centre(tx, job.centre_id)) == []
    world.check()


def test_every_commit_there_is_was_tried(database_url):
    world = a_mortal_world(database_url, -1)
    live(world, agent_survives=True)
    commits = -1 - world.store.left
    assert commits == COMMITS


def test_a_killed_quote_is_quoted_again_when_its_lock_has_run_out(database_url):
    world = a_mortal_world(database_url, 2)
    world.submit(a_spec())
    with pytest.raises(Killed):
        world.loop(loops.QUOTE)  # died between fetch and apply
    world.store.reopen()
    assert world.loop(loops.QUOTE) == 0
    world.sleep(61)
    world.agent("guian").beats()
    assert world.loop(loops.QUOTE) == 1
