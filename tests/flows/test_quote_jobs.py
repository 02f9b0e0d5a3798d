"""Quote and accept: what is offered, what is held, who is refused, and the pipeline's four tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from tests.flows.builders import TIMING, a_spec, a_world

from suanwang.basics.errors import Conflict
from suanwang.basics.money import Money
from suanwang.flows import accept_quote, loops, quote_jobs
from suanwang.flows.errors import QuoteExpired
from suanwang.grid.fees import TAKE_RATES
from suanwang.ledger.errors import FundsInsufficient
from suanwang.store import quotes


@pytest.fixture
def world(store):
    return a_world(store)


def quote_of(world, job):
    return world.read(lambda tx: quotes.quote(tx, job.id))


def fetch(world):
    act = world.act()
    return world.store.run_now(lambda tx: quote_jobs.fetch_submitted(tx, act=act, timing=TIMING))


def apply(world, plans):
    act = world.act()
    return world.store.run_now(
        lambda tx: quote_jobs.apply_quotes(tx, plans, act=act, timing=TIMING)
    )


def test_a_quote_lists_every_pool_best_first_and_says_why(world):
    job = world.submit(a_spec(resources={"class": "a100-80g-sxm"}), accept=False)
    world.loop(loops.QUOTE)
    found = quote_of(world, job)
    assert [each.centre for each in found.options] == ["guian centre", "zhongwei centre"]
    assert found.chosen == found.options[0]
    assert found.expires_at == world.now + timedelta(minutes=15)
    assert world.state(job.id) == "QUOTED"
    assert world.held() == "0.000000"


def dry(world, tx):
    buyer = world.buyer.organisation_id
    return quote_jobs.plan_only(tx, a_spec(), now=world.now, timing=TIMING, buyer=buyer)


def test_a_quote_reads_back_as_it_was_written(world):
    options = world.read(lambda tx: quote_jobs.plan_dry(dry(world, tx), now=world.now))
    assert quotes.read_options(quotes.write_options(options)) == options


def test_a_job_without_a_feasible_pool_is_rejected_with_every_reason(world):
    job = world.submit(a_spec(resources={"cards": 9}))
    world.loop(loops.QUOTE)
    assert world.state(job.id) == "REJECTED"
    assert world.job(job.id).reason_code == "no-feasible-place"
    assert world.job(job.id).reason["detail"] == "too-few-cards 2"
    assert len(quote_of(world, job).options) == 2
    world.check()


def test_accepting_holds_the_chosen_options_largest_cost_and_fixes_the_limit(world):
    job = world.submit(accept=False)
    world.loop(loops.QUOTE)
    accepted = world.accept(job.id)
    # ten minutes at ¥2.80, with fee and tax; the limit is the dearest pool shown, at ¥3.20
    assert world.held() == str(TAKE_RATES.total(Money.parse("2.80").times(Fraction(1, 6))))
    assert accepted.limit == max(each.cost_at_most for each in quote_of(world, job).options)
    assert world.accept(job.id) == world.job(job.id)  # twice is once
    world.check()


def test_max_price_is_the_limit(world):
    job = world.submit(a_spec(max_price="0.50"))
    world.loop(loops.QUOTE)
    assert str(world.job(job.id).limit) == "0.500000"


def test_too_few_funds_refuse_an_acceptance_and_hold_nothing(store):
    world = a_world(store, funds="0.10")
    job = world.submit(accept=False)
    world.loop(loops.QUOTE)
    with pytest.raises(FundsInsufficient) as refused:
        world.accept(job.id)
    assert str(refused.value.facts["available"]) == "0.100000"
    assert world.state(job.id) == "QUOTED"
    assert world.held() == "0.000000"


def test_automatic_acceptance_takes_jobs_in_order_while_funds_last(store):
    world = a_world(store, funds="1.00")
    made = world.submit(a_spec(array="0-2"))  # 0.47… each
    world.loop(loops.QUOTE)
    assert [world.state(each.id) for each in made] == ["QUOTED", "QUOTED", "REJECTED"]
    assert world.job(made[2].id).reason_code == "funds-insufficient"
    world.check()


def test_a_quote_that_nobody_accepts_expires(world):
    job = world.submit(accept=False)
    world.loop(loops.QUOTE)
    world.sleep(15 * 60 - 1)
    assert world.loop(loops.EXPIRE_QUOTES) == 0
    world.sleep(1)
    with pytest.raises(QuoteExpired):
        world.accept(job.id)
    assert world.loop(loops.EXPIRE_QUOTES) == 1
    assert world.state(job.id) == "EXPIRED"
    with pytest.raises(Conflict):
        world.accept(job.id)


def test_a_dry_run_plans_and_stores_nothing(world):
    options = quote_jobs.plan_dry(world.read(lambda tx: dry(world, tx)), now=world.now)
    assert [each.centre for each in options] == ["guian centre", "zhongwei centre"]


def test_a_silent_centre_is_not_offered(world):
    world.sleep(16)
    world.agent("zhongwei").beats()
    job = world.submit(accept=False)
    world.loop(loops.QUOTE)
    found = {each.centre: each.why_not for each in quote_of(world, job).options}
    assert found == {"zhongwei centre": None, "guian centre": "centre-silent"}


def test_a_job_that_only_silent_centres_could_take_waits_a_minute_for_them(world):
    world.sleep(16)  # as after a restart of the server: nobody has spoken yet
    patient = world.submit(a_spec(name="patient"))
    hopeless = world.submit(a_spec(name="hopeless", resources={"cards": 9}))
    world.loop(loops.QUOTE)
    assert (world.state(patient.id), world.state(hopeless.id)) == ("SUBMITTED", "REJECTED")
    world.sleep(3)
    world.loop(loops.QUOTE)
    assert world.verbs(patient.id) == ["submit", "wait"]
    world.agent("guian").beats()
    world.sleep(3)
    world.loop(loops.QUOTE)
    assert (world.state(patient.id), world.job(patient.id).reason_code) == ("QUOTED", None)


def test_who_waits_in_vain_is_rejected(world):
    world.sleep(16)
    job = world.submit()
    world.loop(loops.QUOTE)
    world.sleep(60)
    world.loop(loops.QUOTE)
    assert world.state(job.id) == "REJECTED"
    assert world.job(job.id).reason["detail"] == "centre-silent 2"


# The pipeline's four tests.


def test_only_submitted_jobs_are_fetched_oldest_first(world):
    first = world.submit(a_spec(name="first"))
    world.sleep(1)
    second = world.submit(a_spec(name="second"))
    done = world.submit(a_spec(name="done"))
    world.cancel(done.id)
    assert [job.id for job in fetch(world).jobs] == [first.id, second.id]


def test_a_lock_runs_out_and_the_jobs_are_fetched_again(world):
    world.submit()
    assert fetch(world) is not None
    assert fetch(world) is None
    world.sleep(61)
    assert fetch(world) is not None


def test_a_stale_result_is_discarded(world):
    job = world.submit()
    stale = quote_jobs.plan_quotes(fetch(world))
    world.sleep(61)
    world.agent("guian").beats()
    fresh = quote_jobs.plan_quotes(fetch(world))
    assert apply(world, stale) == 0
    assert world.state(job.id) == "SUBMITTED"
    assert apply(world, fresh) == 1
    assert apply(world, fresh) == 0
    assert world.verbs(job.id).count("quote") == 1


def test_a_job_that_changed_meanwhile_is_left_alone(world):
    job = world.submit()
    plans = quote_jobs.plan_quotes(fetch(world))
    world.cancel(job.id)
    assert apply(world, plans) == 0
    assert world.state(job.id) == "CANCELLED"
    world.check()


def test_two_servers_never_fetch_the_same_job(world):
    world.submit(a_spec(array="0-149"))
    one, two = fetch(world), fetch(world)
    assert len(one.jobs) == quote_jobs.BATCH
    assert len(two.jobs) == 50
    assert not {each.id for each in one.jobs} & {each.id for each in two.jobs}


def test_a_job_that_this_release_cannot_read_is_rejected_and_the_others_go_on(world):
    bad, good = world.submit(a_spec(name="bad"), a_spec(name="good"))
    batch = fetch(world)
    unread = replace(batch.jobs[0], spec='{"name": "bad", "runs": "x"}')
    apply(world, quote_jobs.plan_quotes(replace(batch, jobs=(unread, batch.jobs[1]))))
    assert (world.state(bad.id), world.state(good.id)) == ("REJECTED", "QUOTED")
    assert "runs" in world.job(bad.id).reason["detail"]


def test_the_limit_is_never_below_the_hold(world):
    job = world.submit()
    world.loop(loops.QUOTE)
    found = quote_of(world, job)
    assert accept_quote.limit_of(world.job(job.id), found) >= found.chosen.cost_at_most
