"""What a suspended member's jobs and earnings come to; nobody else's wait because of it."""

from __future__ import annotations

import pytest
from tests.flows.builders import a_world

from suanwang.flows import loops
from suanwang.flows.act import Role
from suanwang.flows.change_membership import change_membership
from suanwang.ledger.errors import MemberSuspended
from suanwang.ledger.membership import MemberEvent


@pytest.fixture
def world(store):
    return a_world(store)


def suspend(world, key, event=MemberEvent.SUSPEND):
    who = key.organisation_id
    world.run(lambda tx, act: change_membership(tx, who, event, reason="x", act=act))


def test_its_new_jobs_are_rejected_and_others_in_the_same_batch_are_not(world):
    other = world.member("Yunlan Render", Role.BUYER, funds="100")
    mine, theirs = world.submit(), world.submit(key=other)
    suspend(world, world.buyer)
    world.run_loops(loops.QUOTE)
    rejected = world.job(mine.id)
    assert (rejected.state, rejected.reason_code) == ("REJECTED", "member-suspended")
    assert world.job(theirs.id).accepted_at is not None
    world.check()


def test_it_cannot_accept_a_quote_until_it_is_reinstated(world):
    job = world.submit(accept=False)
    world.run_loops(loops.QUOTE)
    suspend(world, world.buyer)
    with pytest.raises(MemberSuspended):
        world.accept(job.id)
    suspend(world, world.buyer, MemberEvent.REINSTATE)
    assert world.accept(job.id).accepted_at is not None


def test_its_running_job_is_billed_from_what_is_held(world):
    run = world.running()
    suspend(world, world.buyer)
    world.sleep(60)
    run.finish()
    world.loop(loops.BILL)
    assert world.job(run.offer.job.id).charge
    assert world.held() == "0.000000"
    world.check()


def test_a_suspended_centre_is_still_paid_and_holds_up_nobody(world):
    run = world.running()
    world.sleep(60)
    run.finish()
    suspend(world, world.agent("guian").key)
    world.loop(loops.BILL)
    world.sleep(86_400)
    world.loop(loops.SETTLE)
    assert world.state(run.offer.job.id) == "SETTLED"
    assert world.account(world.agent("guian").key).available
    assert not world.account(world.agent("guian").key, "receivable").balance
    world.check()
