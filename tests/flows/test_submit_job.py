"""Submit: arrays, jobs that wait for jobs, inputs, limits."""

from __future__ import annotations

import pytest
from tests.flows.builders import a_spec, a_world

from suanwang.basics.errors import NotAllowed, NotFound
from suanwang.basics.ids import JobId
from suanwang.flows import loops, submit_jobs
from suanwang.flows.act import Role
from suanwang.flows.errors import BlobUnknown, InputNotUploaded, NoJobs, TooManyJobs
from suanwang.flows.finish_job import Ending
from suanwang.jobs.errors import Wrong
from suanwang.store import blobs, jobs
from suanwang.store.blobs import Blob
from suanwang.store.jobs import Cursor, JobFilter

SHA = "a" * 64


@pytest.fixture
def world(store):
    return a_world(store)


def test_an_array_becomes_members_that_keep_their_order(world):
    world.submit(a_spec(name="frames", array="5-7"))
    listed = world.read(lambda tx: jobs.page(tx, world.buyer.organisation_id, JobFilter()))
    assert [each.array_index for each in listed] == [7, 6, 5]  # newest first
    assert {each.array_count for each in listed} == {3}
    assert len({each.array_id for each in listed}) == 1
    assert all("array" not in each.spec for each in listed)


def test_a_deadline_from_now_is_pinned_at_submission(world):
    job = world.submit(a_spec(deadline="6h"))
    assert world.job(job.id).deadline_at == world.now.replace(hour=7)
    assert "2026-11-24T07:00:00Z" in world.job(job.id).spec


@pytest.mark.parametrize(
    ("specs", "error"),
    [
        ([], NoJobs),
        ([a_spec(array="0-9999"), a_spec()], TooManyJobs),
        ([a_spec(inputs=[{"from": "data.csv", "to": "data.csv"}])], InputNotUploaded),
        ([a_spec(inputs=[{"from": f"blob:{SHA}", "to": "d"}])], BlobUnknown),
        ([a_spec(inputs=[{"from": "store://job_01M85H26M0000000000000001H/a", "to": "d"}])], NotFound),
        ([a_spec(after=["nobody"])], Wrong),
        ([a_spec(after=["job_01M85H26M0000000000000001H"])], NotFound),
        ([a_spec(name="a", after=["b"]), a_spec(name="b", after=["a"])], Wrong),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(world, specs, error):
    with pytest.raises(error):
        world.run(
            lambda tx, act: submit_jobs.submit_jobs(tx, specs, accept=True, act=act), world.buyer
        )
    assert world.read(jobs.count_by_state) == {}


def test_a_blob_of_its_own_is_a_good_input(world):
    blob = Blob(
        sha256=SHA, organisation_id=world.buyer.organisation_id, size=3, created_at=world.now
    )
    world.run(lambda tx, _: blobs.add_blob(tx, blob))
    world.submit(a_spec(inputs=[{"from": f"blob:{SHA}", "to": "d"}]))


def test_an_agent_may_not_submit(world):
    with pytest.raises(NotAllowed):
        world.submit(a_spec(), key=world.agent("guian").key)


def test_another_organisations_job_is_not_there(world):
    job = world.submit()
    other = world.member("Yunlan Render", Role.BUYER)
    with pytest.raises(NotFound):
        world.read(lambda tx: jobs.job_of(tx, job.id, other.organisation_id))
    with pytest.raises(NotFound):
        world.submit(a_spec(after=[job.id]), key=other)


def test_a_job_waits_for_those_before_it_and_runs_when_they_ended_well(world):
    first, second = world.placed(a_spec(name="data"), a_spec(name="train", after=["data"]))
    world.run_loops()
    assert (world.state(first.id), world.state(second.id)) == ("PLACED", "QUOTED")
    run = world.agent("guian").take()[0].begin()
    world.sleep(5)
    run.finish()
    assert not world.job(second.id).waits
    world.run_loops(loops.CLEAR, loops.PLACE, turns=1)
    assert world.state(second.id) == "PLACED"
    assert "unblock" in world.verbs(second.id)


def test_a_job_that_waits_for_an_array_waits_for_all_its_members(world):
    *members, last = world.placed(
        a_spec(name="frames", array="0-2"), a_spec(name="film", after=["frames"])
    )
    for run in world.agent("guian").take():
        assert world.job(last.id).waits
        run.begin()
        world.sleep(1)
        run.finish()
    assert len(members) == 3
    assert not world.job(last.id).waits


def test_what_waits_for_a_job_that_ended_badly_is_rejected_down_the_line(world):
    first, second, third = world.placed(
        a_spec(name="a"), a_spec(name="b", after=["a"]), a_spec(name="c", after=["b"])
    )
    run = world.agent("guian").take()[0].begin()
    run.finish(Ending(exit_code=3))
    assert world.state(first.id) == "METERED"
    assert [world.state(each.id) for each in (second, third)] == ["REJECTED", "REJECTED"]
    assert world.job(third.id).reason_code == "earlier-failed"
    world.run_loops()
    world.sleep(1)
    world.run_loops()
    world.check()
    assert world.held() == "0.000000"


def test_waiting_for_a_job_that_has_ended_already(world):
    run = world.running()
    world.sleep(1)
    run.finish()
    good = world.submit(a_spec(after=[run.offer.job.id]))
    assert not world.job(good.id).waits
    bad = world.running(a_spec(name="bad"))
    bad.finish(Ending(exit_code=1))
    late = world.submit(a_spec(after=[bad.offer.job.id]))
    assert world.state(late.id) == "REJECTED"


def test_pages_follow_a_cursor_both_ways(world):
    made = world.submit(a_spec(array="0-6"))
    owner = world.buyer.organisation_id

    def walk(page, cursor):
        rows = world.read(lambda tx: page(tx, owner, JobFilter(), after=cursor, limit=3))
        ids = [JobId(row.id) for row in rows]
        return ids + walk(page, Cursor.of(rows[-1])) if rows else []

    ids = [each.id for each in made]
    assert walk(jobs.page_oldest_first, jobs.OLDEST_FIRST) == ids
    assert walk(jobs.page, jobs.NEWEST_FIRST) == ids[::-1]


def test_lists_are_filtered(world):
    world.submit(a_spec(name="a", kind="render"), a_spec(name="b"))
    world.loop(loops.QUOTE)
    world.submit(a_spec(name="c"))

    def names(**wanted):
        rows = world.read(lambda tx: jobs.page(tx, None, JobFilter(**wanted)))
        return [row.name for row in rows]

    assert names(kind="render") == ["a"]
    assert names(state="SUBMITTED") == ["c"]
    assert names(name="b") == ["b"]
