"""Settle: what members have earned on a market day moves from receivable to available, once.

    gathering    bills of the day, a batch a step     each member's sum grows, one row a member
    paying       members, a batch a step              ONE transfer a member; its statement on record
    finishing    bills, a batch a step                their jobs are SETTLED

Each step is a transaction that says on record how far the run came; small days take one. While a
run is under way its bills cannot be disputed, credited or corrected: whoever tries is told when.
A job that was cancelled while it ran ends CANCELLED here, once what it used has been paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from suanwang.basics.ids import BillId, OrganisationId, SettlementId, TransferId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, day_slot
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.market_days import enter
from suanwang.flows.timing import Timing
from suanwang.jobs.lifecycle import JobEvent
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.calendar import bank_days
from suanwang.ledger.settlement import MARKET_DAY, DayEvent, DayState, steps_of
from suanwang.ledger.transfers import chained, move
from suanwang.store import bills, days, disputes, jobs, ledger
from suanwang.store.bills import StoredBill
from suanwang.store.days import MarketDay, Run, Settlement
from suanwang.store.jobs import Job
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

BATCH = 200  # bills or members in one step
_NOTHING = Money.zero(CNY)


def settle_day(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Do the next step of settling days, oldest first; return how many bills it took in, or 1."""
    run = days.run_under_way(tx) or _next_run(tx, act=act, timing=timing)
    # A step that took in no bill may still be followed by another.
    return 0 if run is None else max(_advance(tx, run, act=act), 1)


def settle_before(tx: Tx, before: Instant, *, act: Act, most: int) -> int:
    """Settle bills of open days written before an instant at once; return how many."""
    settled = 0
    while settled < most:
        run = days.run_under_way(tx) or _run_before(tx, before, act=act)
        if run is None:
            break
        settled += _advance(tx, run, act=act)
    return settled


def _next_run(tx: Tx, *, act: Act, timing: Timing) -> Run | None:
    for each in days.unfinished(tx):
        if each.state is not DayState.OPEN:
            continue
        due = steps_of(each.day, bank_days(), timing.cycle).preliminary
        if due is not None and act.now >= due:
            return _last_run(tx, each, act=act)
        break
    if timing.settle_every is None:
        return None
    return _run_before(tx, act.now - timing.settle_every, act=act)


def _last_run(tx: Tx, found: MarketDay, *, act: Act) -> Run:
    """Begin the run that ends a day: from here on no bill is written for it."""
    day = days.for_update(tx, found.day)
    state = MARKET_DAY.after(day.state, DayEvent.SETTLE, subject=str(day.day))
    enter(tx, day, state, act=act)
    return days.begin_run(tx, day.day, becomes=state, before=_ever(day), at=act.now)


def _ever(day: MarketDay) -> Instant:
    # Bills begun on the day before may stand in this one: whatever is in it is older than this.
    return day_slot(day.day).end


def _run_before(tx: Tx, before: Instant, *, act: Act) -> Run | None:
    """Begin a run over what an open day has so far, where there is anything."""
    oldest = bills.oldest_unsettled_day(tx, before=before)
    if oldest is None:
        return None
    day = days.for_update(tx, date.fromisoformat(oldest))
    return days.begin_run(tx, day.day, becomes=DayState.OPEN, before=before, at=act.now)


def _advance(tx: Tx, run: Run, *, act: Act) -> int:
    """Do one step of a run; a small run is done in it."""
    gathered = 0
    if run.state == "gathering":
        gathered = _gather(tx, run, act=act)
        run = replace(run, bills=run.bills + gathered, state=_onward(gathered, run, "paying"))
    if run.state == "paying":
        run = replace(run, state=_onward(_pay(tx, run, act=act), run, "finishing"))
    if run.state == "finishing":
        run = replace(run, state=_onward(_finish(tx, run, act=act), run, "done"))
    run = replace(run, steps=run.steps + 1)
    if run.state == "done":
        run = replace(run, done_at=act.now)
    days.save_run(tx, run)
    return gathered


def _onward(did: int, run: Run, after: str) -> str:
    return run.state if did == BATCH else after


def _gather(tx: Tx, run: Run, *, act: Act) -> int:
    due = bills.to_gather(tx, run.day.isoformat(), before=run.before, limit=BATCH)
    kept = disputes.kept_from_settlement(tx, [bill.id for bill in due])
    days.gather(tx, _sums(due, kept, run=run, act=act))
    bills.take_in(tx, due, run.id)
    return len(due)


def _sums(
    due: list[StoredBill],
    kept: Mapping[tuple[BillId, OrganisationId], Money],
    *,
    run: Run,
    act: Act,
) -> list[Settlement]:
    """Return what each member gets by these bills.

    What is disputed stays where it is frozen, and what was credited is there no more.
    """
    found: dict[OrganisationId, list[tuple[Money, Money]]] = defaultdict(list)
    for bill in due:
        for member, amount in bill.earned.items():
            found[member].append((amount, kept.get((bill.id, member), _NOTHING)))
    made = []
    for member, amounts in sorted(found.items()):
        earned = sum((each for each, _ in amounts), _NOTHING)
        held = sum((each for _, each in amounts), _NOTHING)
        made.append(
            Settlement(
                id=act.new_id(SettlementId),
                organisation_id=member,
                day=run.day.isoformat(),
                amount=earned - held,
                at=act.now,
                run_id=run.id,
                bills=len(amounts),
                earned=earned,
                kept=held,
            )
        )
    return made


def _pay(tx: Tx, run: Run, *, act: Act) -> int:
    due = days.unpaid(tx, run, limit=BATCH)
    transfers = [
        replace(
            move(
                act.new_id(TransferId),
                each.amount,
                debit=ledger.account_of(tx, each.organisation_id, AccountName.RECEIVABLE).id,
                credit=ledger.account_of(tx, each.organisation_id, AccountName.AVAILABLE).id,
                at=act.now,
                group_id=each.id,
                memo={"what": "settlement", "day": each.day, "bills": str(each.bills)},
            ),
            day=run.day,
        )
        for each in due
        if each.amount
    ]
    if transfers:
        ledger.post(tx, chained(f"settlement/{run.id}/{run.steps + 1}", transfers))
    days.paid(tx, due, at=act.now)
    for each in due:
        tell(tx, each, act=act)
    return len(due)


def tell(tx: Tx, each: Settlement, *, act: Act) -> None:
    """Tell a member what it was paid."""
    publish(
        tx,
        "settlement.paid",
        subject=each.id,
        organisation_id=each.organisation_id,
        body={
            "day": each.day,
            "state": each.state,
            "bills": each.bills,
            "net": str(each.amount),
            "currency": CNY.code,
        },
        act=act,
    )


def _finish(tx: Tx, run: Run, *, act: Act) -> int:
    due = bills.of_run(tx, run.id, limit=BATCH)
    change = Change(act)
    for job in jobs.by_ids(tx, [bill.job_id for bill in due]):
        change.advance(job, _event_of(job), detail={"day": run.day.isoformat(), "run": run.id})
    bills.settle(tx, due, at=act.now)
    change.write(tx)
    return len(due)


def _event_of(job: Job) -> JobEvent:
    was_stopped = job.cancel_at is not None and (job.reason_code or "").startswith("cancelled")
    return JobEvent.CANCEL if was_stopped else JobEvent.SETTLE
