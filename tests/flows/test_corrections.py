"""Meter corrections: reversing pairs at the prices of their time, within the window of their day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.flows import builders
from tests.flows.builders import a_spec, a_world
from tests.flows.test_settlement_runs import BY_DAY, SHORT, all_steps, proven, settlements, states

from suanwang.basics.errors import Invalid, NotFound
from suanwang.basics.ids import TransferId, UsageId
from suanwang.flows import loops
from suanwang.flows.apply_correction import BillNotCorrectable
from suanwang.flows.correct_usage import NewCorrection, correct_usage
from suanwang.flows.errors import UsageRefused, UsageTwice
from suanwang.flows.open_dispute import NewDispute, open_dispute
from suanwang.ledger.disputes import DisputeReason
from suanwang.ledger.errors import DayClosed, FundsInsufficient
from suanwang.ledger.settlement import CorrectionState, DayResettled
from suanwang.ledger.transfers import move
from suanwang.store import corrections, evidence, ledger
from suanwang.store.database import Store

PENDING, APPLIED, LAPSED = CorrectionState.PENDING, CorrectionState.APPLIED, CorrectionState.LAPSED


@pytest.fixture
def world(store):
    return a_world(store)


def metered(world, seconds=60, **spec):
    """Run a job for a while and bill it; return its run."""
    world.agent("guian").beats()
    run = world.running(a_spec(**spec))
    world.sleep(seconds)
    run.finish().or_raise()
    world.loop(loops.BILL)
    return run


def correct(world, run, seconds, *, key=None, signature=None, reason="", usage_id=None, **usage):
    """Send a corrected record of so many seconds."""
    record = run.usage(
        usage_id=usage_id or world.ids(UsageId),
        wall_seconds=Decimal(seconds),
        ended_at=run.offer.lease.taken_at + timedelta(seconds=seconds),
        **usage,
    )
    new = NewCorrection(
        lease_id=run.id,
        record=record.to_wire(),
        signature=signature or builders.sign(run.agent.public_key, record.signing_bytes()),
        reason=reason,
    )
    flow = lambda tx, act: correct_usage(tx, new, verify=builders.verify, act=act)  # noqa: E731
    return world.run(flow, key or run.agent.key)


def next_day(world, timing=SHORT):
    world.now += timedelta(days=1)
    all_steps(world, timing=timing)
    all_steps(world, loops.AGE_DAYS, timing)


def balances(world):
    """Return what buyer, provider's two accounts, fees and tax have, in micro-yuan."""
    provider = world.agent("guian").provider
    exchange = world.operator.organisation_id
    accounts = [(world.buyer, "available"), (provider, "receivable"), (provider, "available"),
                (exchange, "fees"), (exchange, "tax")]  # fmt: skip
    return [world.account(owner, name).balance.units for owner, name in accounts]


@pytest.mark.parametrize("seconds", [30, 0, 61, 64])
def test_before_its_run_a_bill_is_made_anew_at_the_prices_of_its_time(world, seconds):
    run = metered(world)
    before = balances(world)
    first = world.bill(run.offer.job.id)
    world.agent("guian").hello(price="99")  # what is listed later is no business of this bill
    made = correct(world, run, seconds)
    bill = world.bill(run.offer.job.id)
    assert (made.state, bill.version, bill.id, bill.day) == (APPLIED, 2, first.id, first.day)
    lines = {line["kind"]: line for line in bill.lines}
    assert lines["compute"]["price"] == "2.800000"
    difference = bill.total.units - first.total.units
    after = balances(world)
    assert after[0] == before[0] - difference
    assert sum(after) == sum(before)
    assert after[1] == bill.provider_share.units
    chain = [t for t in world.read(lambda tx: ledger.transfers_of(tx, run.offer.job.id))
             if t.chain and t.chain.id == f"{bill.id}#2"]  # fmt: skip
    assert len([t for t in chain if t.reverses]) == 3
    assert {str(t.day) for t in chain} == {"2026-11-24"}
    assert world.job(run.offer.job.id).charge == bill.total
    assert world.read(lambda tx: evidence.find(tx, "bill", f"{bill.id}#2")).record["total"] == str(
        bill.total
    )
    proven(world)


def test_the_run_pays_what_the_corrected_bill_says(world):
    run = metered(world)
    correct(world, run, 30)
    next_day(world)
    [paid] = settlements(world, world.agent("guian").provider)
    assert paid.amount == world.bill(run.offer.job.id).provider_share
    proven(world)


@pytest.mark.parametrize("seconds", [30, 64])
def test_after_its_run_the_difference_moves_and_the_final_statement_nets_it(world, seconds):
    one, two = metered(world), metered(world)
    next_day(world)
    before = balances(world)
    shares = [world.bill(each.offer.job.id).provider_share for each in (one, two)]
    correct(world, one, seconds)
    correct(world, two, 45)
    after = balances(world)
    now = [world.bill(each.offer.job.id).provider_share for each in (one, two)]
    by = sum(each.units for each in now) - sum(each.units for each in shares)
    assert (after[1], after[2] - before[2]) == (0, by)
    next_day(world)
    said = settlements(world, world.agent("guian").provider)
    assert {each.state for each in said} == {"preliminary", "final"}
    [final] = [each for each in said if each.state == "final"]
    assert final.amount.units == final.corrections.units == by
    record = world.read(lambda tx: evidence.find(tx, "settlement", final.id)).record
    assert record["net"] == str(final.amount)
    proven(world)


def test_a_bill_is_corrected_again_and_again_each_version_from_the_one_before(world):
    run = metered(world)
    for seconds in (30, 50, 10):
        correct(world, run, seconds)
    bill = world.bill(run.offer.job.id)
    assert bill.version == 4
    assert balances(world)[1] == bill.provider_share.units
    next_day(world)
    correct(world, run, 64)
    assert world.bill(run.offer.job.id).version == 5
    proven(world)


def test_late_corrections_wait_for_the_one_resettlement(world):
    run, other = metered(world), metered(world)
    for _ in range(2):
        next_day(world)
    assert states(world)["2026-11-24"] == "final"
    before = balances(world)
    assert correct(world, run, 30).state is PENDING
    assert correct(world, other, 64).state is PENDING
    assert balances(world) == before
    next_day(world)
    assert states(world)["2026-11-24"] == "resettled"
    bills = [world.bill(each.offer.job.id) for each in (run, other)]
    assert [each.version for each in bills] == [2, 2]
    said = settlements(world, world.agent("guian").provider)
    [one] = [each for each in said if each.state == "resettled"]
    assert one.amount.units == balances(world)[2] - before[2]
    with pytest.raises(DayResettled):
        correct(world, run, 40)
    next_day(world)
    with pytest.raises(DayClosed):
        correct(world, run, 40)
    proven(world)


def spend_all(world, key):
    """Take everything that an organisation has available out to the bank."""
    account = world.account(key)
    bank = world.account(world.operator.organisation_id, "bank")
    if account.available:
        out = move(world.ids(TransferId), account.available, debit=account.id, credit=bank.id,
                   at=world.now)  # fmt: skip
        world.store.run_now(lambda tx: ledger.post(tx, [out]))


def test_an_earner_that_has_spent_its_pay_owes_until_it_has_it_again(world):
    run = metered(world)
    next_day(world)
    provider = world.agent("guian").provider
    spend_all(world, provider)
    made = correct(world, run, 30)
    assert (made.state, made.why) == (PENDING, "funds-insufficient")
    assert world.bill(run.offer.job.id).version == 1
    metered(world)
    next_day(world)  # the next day is paid, and with it this one turns final
    [kept] = world.read(lambda tx: corrections.page(tx, provider, before=None, limit=9))
    assert kept.state is APPLIED
    assert world.bill(run.offer.job.id).version == 2
    proven(world)


def test_what_nobody_can_pay_lapses_with_its_day(world):
    run = metered(world)
    next_day(world)
    provider = world.agent("guian").provider
    spend_all(world, provider)
    correct(world, run, 30)
    for _ in range(4):
        next_day(world)
    assert states(world)["2026-11-24"] == "closed"
    [kept] = world.read(lambda tx: corrections.page(tx, provider, before=None, limit=9))
    assert (kept.state, kept.why) == (LAPSED, "funds-insufficient")
    assert world.account(provider).balance.units == 0
    proven(world)


def test_a_buyer_without_money_is_named_and_nothing_is_kept(world):
    run = metered(world)
    next_day(world)
    spend_all(world, world.buyer)
    with pytest.raises(FundsInsufficient):
        correct(world, run, 64)
    assert world.read(lambda tx: corrections.page(tx, None, before=None, limit=9)) == []
    assert world.bill(run.offer.job.id).version == 1
    proven(world)


def test_an_earner_without_a_yuan_still_gets_more(world):
    run = metered(world)
    next_day(world)
    spend_all(world, world.agent("guian").provider)
    correct(world, run, 64)  # the buyer pays anew first, then gets back
    assert world.bill(run.offer.job.id).version == 2
    proven(world)


def test_a_buyer_without_a_yuan_still_pays_less(world):
    run = metered(world)
    next_day(world)
    spend_all(world, world.buyer)
    correct(world, run, 30)  # taken back first: the buyer needs nothing
    assert world.bill(run.offer.job.id).version == 2
    proven(world)


def test_never_more_than_was_held(world):
    world.agent("guian").hello(data_price_gb="0.05")
    run = metered(world)
    held = next(t for t in world.read(lambda tx: ledger.transfers_of(tx, run.offer.job.id)))
    record = run.usage(usage_id=world.ids(UsageId), bytes_out=10**13)
    new = NewCorrection(lease_id=run.id, record=record.to_wire(),
                        signature=builders.sign(run.agent.public_key, record.signing_bytes()))  # fmt: skip
    world.run(
        lambda tx, act: correct_usage(tx, new, verify=builders.verify, act=act), run.agent.key
    )
    bill = world.bill(run.offer.job.id)
    assert "cap" in [line["kind"] for line in bill.lines]
    assert held.amount.units - 2 <= bill.total.units <= held.amount.units
    proven(world)


def test_the_same_record_again_is_the_same_correction(world):
    run = metered(world)
    usage_id = world.ids(UsageId)
    first = correct(world, run, 30, usage_id=usage_id)
    assert correct(world, run, 30, usage_id=usage_id).id == first.id
    assert world.bill(run.offer.job.id).version == 2


def test_an_operator_sends_one_with_a_reason(world):
    run = metered(world)
    with pytest.raises(Invalid):
        correct(world, run, 30, key=world.operator)
    made = correct(world, run, 30, key=world.operator, reason="the meter's clock ran fast")
    assert (made.state, made.reason) == (APPLIED, "the meter's clock ran fast")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"signature": "0" * 64}, UsageRefused),
        ({"seconds": 9_999}, UsageRefused),
        ({"at": "zhongwei"}, NotFound),
        ({"usage_id": "first"}, UsageTwice),
    ],
    ids=["signature", "longer-than-lease", "another-centre", "same-id"],
)
def test_what_is_no_correction_of_the_lease_is_refused(world, changes, refusal):
    run = metered(world)
    changes = dict(changes)
    if changes.get("usage_id"):
        changes["usage_id"] = UsageId.parse(str(world.job(run.offer.job.id).usage["usage_id"]))
    if "at" in changes:
        changes["key"] = world.agent(changes.pop("at")).key
    with pytest.raises(refusal):
        correct(world, run, changes.pop("seconds", 30), **changes)
    assert world.bill(run.offer.job.id).version == 1


def test_a_disputed_bill_is_not_corrected_by_its_meter(world):
    run = metered(world)
    new = NewDispute(job_id=run.offer.job.id, lines={0: None}, reason=DisputeReason.WRONG_QUANTITY)
    world.run(lambda tx, act: open_dispute(tx, new, act=act, timing=BY_DAY), world.buyer)
    with pytest.raises(BillNotCorrectable):
        correct(world, run, 30)


class Twin:
    """What each bill should come to, in a dictionary and nothing else."""

    def __init__(self):
        self.bills = {}  # job → billed seconds
        self.paid = set()

    def share(self, seconds):
        units = Decimal(2_800_000 * seconds) / 3600
        return int(units.quantize(Decimal(1)))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    acts=st.lists(
        st.one_of(
            st.just(("bill",)),
            st.tuples(st.just("correct"), st.integers(0, 4), st.integers(0, 64)),
            st.just(("day",)),
        ),
        min_size=3,
        max_size=12,
    )
)
def test_random_bills_corrections_and_runs_agree_with_a_dictionary(acts):
    with TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{folder}/random.db?synchronous=off")
        store.migrate()
        try:
            _agree(a_world(store, centres=("guian",)), acts)
        finally:
            store.close()


def _agree(world, acts):
    twin, runs = Twin(), []
    for act in acts:
        if act[0] == "bill":
            runs.append(metered(world, seconds=60))
            twin.bills[runs[-1].offer.job.id] = 60
        elif act[0] == "day":
            next_day(world)
        elif runs:
            run = runs[act[1] % len(runs)]
            try:
                made = correct(world, run, act[2])
            except (DayClosed, DayResettled):
                continue
            if made.state is APPLIED:
                twin.bills[run.offer.job.id] = act[2]
        for kept in world.read(lambda tx: corrections.page(tx, None, before=None, limit=99)):
            if kept.state is APPLIED and kept.why is None and act[0] == "day":
                last = max(
                    (c for c in world.read(lambda tx: corrections.page(tx, None, before=None, limit=99))
                     if c.job_id == kept.job_id and c.state is APPLIED),
                    key=lambda c: (c.updated_at, c.id),
                )  # fmt: skip
                twin.bills[kept.job_id] = int(Decimal(last.record["wall_seconds"]))
    earned = sum(map(twin.share, twin.bills.values()))
    _, receivable, available, fees, tax = balances(world)
    assert receivable + available == earned
    assert 1_000_000_000 - world.account(world.buyer).balance.units == earned + fees + tax
    said = settlements(world, world.agent("guian").provider)
    keys = [(each.day, each.state) for each in said]
    assert len(keys) == len(set(keys))  # one net amount a member, day and statement
    proven(world)
