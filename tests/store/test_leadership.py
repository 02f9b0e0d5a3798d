from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.builders import NOW

from suanwang.store import leadership
from suanwang.store.errors import NotLeading

TEN = timedelta(seconds=10)


def lead(store, holder, *, after=0):
    now = NOW + timedelta(seconds=after)
    return store.run_now(
        lambda tx: leadership.lead(tx, "rounds", holder=holder, now=now, good_for=TEN)
    )


def still_leads(store, mine):
    store.run_now(lambda tx: leadership.check_leads(tx, mine))


def test_the_first_to_ask_leads_and_prolongs_with_the_same_epoch(store):
    assert store.read_now(lambda tx: leadership.leader_of(tx, "rounds")) is None
    mine = lead(store, "one")
    assert (mine.epoch, mine.expires_at) == (1, NOW + TEN)
    assert lead(store, "two", after=5) is None
    assert lead(store, "one", after=9).epoch == 1
    assert lead(store, "two", after=18) is None
    assert store.read_now(lambda tx: leadership.leader_of(tx, "rounds")).holder == "one"


def test_a_lead_that_ran_out_goes_to_the_next_with_a_higher_epoch(store):
    old = lead(store, "one")
    new = lead(store, "two", after=10)
    assert new.epoch == old.epoch + 1
    still_leads(store, new)
    with pytest.raises(NotLeading):
        still_leads(store, old)
    assert lead(store, "one", after=11) is None


def test_a_leader_that_comes_back_is_fenced_from_what_it_decided_before(store):
    """It led, slept, another led, it leads again: the decision of its first time is stale."""
    old = lead(store, "one")
    lead(store, "two", after=10)
    again = lead(store, "one", after=20)
    assert again.epoch == 3
    with pytest.raises(NotLeading):
        still_leads(store, old)


def test_who_steps_down_is_followed_at_once(store):
    mine = lead(store, "one")
    store.run_now(lambda tx: leadership.step_down(tx, mine))
    assert lead(store, "two").epoch == 2
    store.run_now(lambda tx: leadership.step_down(tx, mine))
    assert lead(store, "one", after=1) is None


def test_of_many_that_ask_at_once_one_leads(store):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: lead(store, f"server {i}"), range(8)))
    assert len([f for f in found if f is not None]) == 1
