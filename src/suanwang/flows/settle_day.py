"""Settle: what providers have earned moves from receivable to available; their jobs are SETTLED.

The market day is Beijing's. A job that was cancelled while it ran ends CANCELLED here, once what
it used has been paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from suanwang.basics.ids import BillId, Id, OrganisationId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, day_slot, market_day
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.timing import Timing
from suanwang.jobs.lifecycle import JobEvent
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.transfers import Transfer, move
from suanwang.store import bills, disputes, jobs, ledger
from suanwang.store.bills import Settlement, StoredBill
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx

BATCH = 200
_MICROSECOND = timedelta(microseconds=1)


class SettlementId(Id):
    """One payment of a provider's earnings."""

    prefix = "stl"


def settle_day(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Settle bills of days that are over, oldest first; return how many."""
    return settle_before(tx, _until(act.now, timing), act=act)


def settle_before(tx: Tx, before: Instant, *, act: Act) -> int:
    """Settle bills written before an instant, oldest first, a batch at a time."""
    due = bills.unsettled(tx, before=before, limit=BATCH)
    if not due:
        return 0
    change = Change(act)
    earned = _earned(due, disputes.kept_from_settlement(tx, [bill.id for bill in due]))
    change.transfer(_payments(tx, earned, before, act))
    for job in jobs.by_ids(tx, [bill.job_id for bill in due]):
        change.advance(job, _event_of(job), detail={"settled_until": before})
    bills.settle(tx, due, at=act.now)
    day = str(market_day(before - _MICROSECOND))
    bills.add_settlements(
        tx,
        [
            Settlement(
                id=act.new_id(SettlementId),
                organisation_id=provider,
                day=day,
                amount=amount,
                at=act.now,
            )
            for provider, (amount, _) in earned.items()
        ],
    )
    change.write(tx)
    return len(due)


def _until(now: Instant, timing: Timing) -> Instant:
    if timing.settle_every is None:
        return day_slot(market_day(now)).start
    return now - timing.settle_every


def _earned(
    due: list[StoredBill], kept: Mapping[tuple[BillId, OrganisationId], Money]
) -> dict[OrganisationId, tuple[Money, int]]:
    """Return what each centre, broker and carrier has earned, and by how many bills.

    What is disputed stays where it is frozen, and what was credited is there no more.
    """
    sums: dict[OrganisationId, tuple[Money, int]] = defaultdict(lambda: (Money.zero(CNY), 0))
    for bill in due:
        for owner, share in bill.earned.items():
            amount, count = sums[owner]
            due_now = share - kept.get((bill.id, owner), Money.zero(CNY))
            sums[owner] = (amount + due_now, count + 1)
    return dict(sums)


def _payments(
    tx: Tx, earned: dict[OrganisationId, tuple[Money, int]], before: Instant, act: Act
) -> list[Transfer]:
    day = str(market_day(before - _MICROSECOND))
    return [
        move(
            act.new_id(TransferId),
            amount,
            debit=ledger.account_of(tx, provider, AccountName.RECEIVABLE).id,
            credit=ledger.account_of(tx, provider, AccountName.AVAILABLE).id,
            at=act.now,
            group_id=f"settlement:{provider}:{day}",
            memo={"what": "settlement", "day": day, "bills": str(count)},
        )
        for provider, (amount, count) in earned.items()
        if amount
    ]


def _event_of(job: Job) -> JobEvent:
    was_stopped = job.cancel_at is not None and (job.reason_code or "").startswith("cancelled")
    return JobEvent.CANCEL if was_stopped else JobEvent.SETTLE
