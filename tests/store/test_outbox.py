from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.builders import NOW, Ids, an_act, an_organisation

from suanwang.store import outbox


@pytest.fixture
def world(store):
    ids = Ids()
    mine, theirs = store.run_now(lambda tx: [an_organisation(tx, ids).id for _ in range(2)])
    return ids, mine, theirs


def publish(tx, ids, organisation_id, kind="job.placed", now=NOW):
    return outbox.publish(
        tx, kind, subject="job_1", organisation_id=organisation_id, body={"名": "作业"},
        act=an_act(ids, now=now),
    )  # fmt: skip


def kinds_after(store, seq, organisation_id=None, **kwargs):
    events = store.read_now(
        lambda tx: outbox.events_after(tx, seq, organisation_id=organisation_id, **kwargs)
    )
    return [(e.seq, e.kind) for e in events]


def test_an_event_is_seen_once_it_is_numbered_and_comes_back_whole(store, world):
    ids, mine, _ = world
    event_id = store.run_now(lambda tx: publish(tx, ids, mine))
    assert kinds_after(store, 0) == []
    assert store.run_now(outbox.assign_sequence) == 1
    assert store.run_now(outbox.assign_sequence) == 0
    (event,) = store.read_now(lambda tx: outbox.events_after(tx, 0, organisation_id=mine))
    assert event == outbox.Event(
        id=event_id, seq=1, organisation_id=mine, kind="job.placed", subject="job_1",
        body={"名": "作业"}, at=NOW,
    )  # fmt: skip
    assert store.read_now(lambda tx: outbox.event(tx, event_id)) == event
    assert store.read_now(lambda tx: outbox.event(tx, "evt_none")) is None


def test_numbers_have_no_gaps_and_follow_the_order_of_writing(store, world):
    ids, mine, _ = world
    for part in (["a", "b", "c"], ["d"], ["e", "f"]):
        store.run_now(lambda tx, part=part: [publish(tx, ids, mine, kind=k) for k in part])
        store.run_now(lambda tx: outbox.assign_sequence(tx, limit=2))
    while store.run_now(lambda tx: outbox.assign_sequence(tx, limit=2)):
        pass
    assert kinds_after(store, 0) == list(enumerate("abcdef", 1))
    assert store.read_now(outbox.last_sequence) == 6


def test_an_organisation_sees_its_own_events_and_the_operator_all(store, world):
    ids, mine, theirs = world
    store.run_now(lambda tx: [publish(tx, ids, o, kind=o) for o in (mine, theirs, mine)])
    store.run_now(outbox.assign_sequence)
    assert kinds_after(store, 0, mine) == [(1, mine), (3, mine)]
    assert kinds_after(store, 1, mine) == [(3, mine)]
    assert kinds_after(store, 0, limit=2) == [(1, mine), (2, theirs)]


def test_an_event_of_a_flow_that_failed_never_was(store, world):
    ids, mine, _ = world

    def fail(tx):
        publish(tx, ids, mine)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.run_now(fail)
    assert store.run_now(outbox.assign_sequence) == 0


def test_a_slow_transaction_is_numbered_after_a_fast_one_and_never_missed(store, world, dialect):
    """The slow one wrote first; a reader that has seen the fast one's number must still see it."""
    if dialect != "postgresql":
        pytest.skip("SQLite has one writer: nothing is written before another has ended")
    ids, mine, _ = world
    written, go_on = threading.Event(), threading.Event()

    def slow(tx):
        publish(tx, ids, mine, kind="slow")
        written.set()
        assert go_on.wait(10)

    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(store.run_now, slow)
        assert written.wait(10)
        store.run_now(lambda tx: publish(tx, ids, mine, kind="fast"))
        store.run_now(outbox.assign_sequence)
        assert kinds_after(store, 0) == [(1, "fast")]
        go_on.set()
        ending.result(10)
    store.run_now(outbox.assign_sequence)
    assert kinds_after(store, 1) == [(2, "slow")]


def test_many_writers_and_two_publishers_lose_nothing_and_number_each_once(store, world):
    _, mine, _ = world
    lock, stop = threading.Lock(), threading.Event()

    def write(i):
        with lock:
            event_ids = Ids(start=1000 * (i + 1))
        for _ in range(10):
            store.run_now(lambda tx: publish(tx, event_ids, mine))

    def number():
        while not stop.is_set():
            store.run_now(lambda tx: outbox.assign_sequence(tx, limit=3))

    with ThreadPoolExecutor(6) as pool:
        publishers = [pool.submit(number) for _ in range(2)]
        for done in [pool.submit(write, i) for i in range(4)]:
            done.result(30)
        stop.set()
        for done in publishers:
            done.result(10)
    store.run_now(outbox.assign_sequence)
    assert [seq for seq, _ in kinds_after(store, 0)] == list(range(1, 41))


def test_old_events_are_forgotten_but_numbering_goes_on(store, world):
    ids, mine, _ = world
    store.run_now(lambda tx: [publish(tx, ids, mine) for _ in range(3)])
    store.run_now(outbox.assign_sequence)
    later = NOW + timedelta(days=8)
    assert store.run_now(lambda tx: outbox.prune_events(tx, before=later)) == 2
    store.run_now(lambda tx: publish(tx, ids, mine, kind="next", now=later))
    store.run_now(outbox.assign_sequence)
    assert kinds_after(store, 0) == [(3, "job.placed"), (4, "next")]
