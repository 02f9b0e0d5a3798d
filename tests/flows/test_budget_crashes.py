"""Kill -9 after any commit of a job under budgets leads to one outcome, mirrored exactly.

As `test_job_crashes`, with a hard budget of the organisation and one of its project.
"""

from __future__ import annotations

import pytest
from tests.flows.test_job_crashes import COMMITS, everything, live
from tests.flows.test_job_crashes import a_mortal_world as a_world_that_dies

from suanwang.basics.money import Money
from suanwang.flows.set_budget import NewBudget, set_budget
from suanwang.store import budgets
from suanwang.store.verify.whole import verify

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


def a_mortal_world(url, commits):
    world = a_world_that_dies(url, -1)
    for project in (None, "default"):
        wanted = NewBudget(amount=Money.parse("5"), project=project)
        world.run(lambda tx, act, w=wanted: set_budget(tx, w, act=act), world.buyer)
    world.store.left = commits
    return world


@pytest.mark.parametrize("agent_survives", [True, False], ids=["agent-lives", "agent-dies"])
@pytest.mark.parametrize("commits", range(1, COMMITS + 1, 2))
def test_a_server_killed_after_any_commit_leaves_budgets_exact(
    database_url, commits, agent_survives
):
    world = a_mortal_world(database_url, commits)
    live(world, agent_survives=agent_survives)
    [job] = everything(world)
    assert job.state == "SETTLED"
    world.check()
    findings = world.read(verify).findings
    assert [each for each in findings if each.rule.startswith("mirror")] == []
    owner = world.buyer.organisation_id
    for stored in world.read(lambda tx: budgets.of_organisation(tx, owner)):
        [standing] = world.read(lambda tx, b=stored.budget: budgets.standings(tx, [b], b.since))
        assert (standing.used, standing.held) == (job.charge, Money.zero(job.charge.asset))
