"""Bill: usage × cleared price. Vouchers pay first, the hold the rest; what is left is freed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from suanwang.basics.ids import AccountId, BillId, CentreId, OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import to_micros
from suanwang.flows import funds
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.draw_up_bill import (
    Drawn,
    commission_record,
    draw_up,
    on_record,
)
from suanwang.flows.market_days import open_day
from suanwang.flows.terms import deal_of
from suanwang.flows.timing import Timing
from suanwang.flows.voucher_subsidy import VoucherDesk, funding_moves
from suanwang.jobs.lifecycle import JobEvent
from suanwang.jobs.parts import Part, Parties, PartRole
from suanwang.jobs.subsidy import Subsidy
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.transfers import chained
from suanwang.store import bills, centres, jobs, ledger
from suanwang.store.bills import StoredBill
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx

BATCH = 100
_NOTHING = Money.zero(CNY)


def bill_jobs(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Bill metered jobs, longest waiting first; return how many."""
    del timing  # a metered job is billed at once
    metered = jobs.find(tx, "jobs_to_bill", now=to_micros(act.now), limit=BATCH)
    if not metered:
        return 0
    held = jobs.held(tx, metered)
    desk = VoucherDesk.open(tx, {job.organisation_id for job in metered}, act=act)
    exchange = funds.exchange_accounts(tx)
    owners = _owners(tx, metered)
    earning = earning_accounts(tx, {*owners.values(), *_sellers(metered)})
    change = Change(act)
    day = open_day(tx, act=act)
    written = []
    for job in metered:
        drawn = draw_up(
            job,
            job.usage,
            limit=held.get(job.id, _NOTHING),
            parties=Parties(centre=owners[_centre_of(job)], exchange=exchange.organisation_id),
            bill_id=act.new_id(BillId),
            at=act.now,
        )
        subsidy = _subsidy(desk, job, drawn.bill)
        stored = replace(with_vouchers(drawn.bill, subsidy), day=day.isoformat())
        owed = owed_by_buyer(drawn.parts, subsidy)
        posts = funds.posts_of(
            job, owed, earning=earning, exchange=exchange, act=act, loss_hold=funds.loss_hold(job)
        )
        moves = funding_moves(subsidy, job, earning, act=act)
        desk.applied(job, subsidy, stored.id, moves)
        # What a bill moves is moved together or not at all, under the bill's own name.
        moved = [replace(each, day=day) for each in [*posts, *moves]]
        change.transfer(chained(stored.id, moved) if stored.parts else moved)
        change.testify("bill", stored.id, on_record(stored, job, job.usage), job=job)
        split = commission_record(stored, job)
        if split is not None:
            change.testify("commission", stored.id, split, job=job)
        written.append(stored)
        change.advance(
            job,
            JobEvent.BILL,
            detail=_detail(stored, drawn),
            charge=stored.total,
            hold_id=None,
        )
    bills.add(tx, written)
    change.write(tx)
    return len(metered)


def _centre_of(job: Job) -> CentreId:
    assert job.centre_id is not None, f"job {job.id} was metered without a centre"
    return job.centre_id


def _owners(tx: Tx, metered: list[Job]) -> Mapping[CentreId, OrganisationId]:
    """Return who owns the centres of these jobs."""
    return {
        each: centres.centre(tx, each).organisation_id for each in set(map(_centre_of, metered))
    }


def _sellers(metered: Iterable[Job]) -> set[OrganisationId]:
    """Return the brokers and carriers of these jobs."""
    deals = [deal_of(job) for job in metered]
    return {owner for deal in deals for owner in (deal.broker, deal.carrier) if owner is not None}


def earning_accounts(
    tx: Tx, owners: Iterable[OrganisationId]
) -> Mapping[OrganisationId, AccountId]:
    """Return the account that each of these members earns into."""
    return {owner: ledger.account_of(tx, owner, AccountName.RECEIVABLE).id for owner in set(owners)}


def _subsidy(desk: VoucherDesk, job: Job, gross: StoredBill) -> Subsidy:
    """Ask the programmes of a buyer what they pay of a bill; without use there is nothing."""
    if job.usage is None or not gross.total:
        return Subsidy()
    usage_id = str(job.usage["usage_id"])
    return desk.subsidy_for(job, gross.lines, supplier=gross.provider_id, usage_id=usage_id)


def with_vouchers(gross: StoredBill, subsidy: Subsidy) -> StoredBill:
    """Put voucher lines last; the buyer pays what they leave."""
    lines = (*gross.lines, *subsidy.lines)
    return replace(gross, lines=lines, total=gross.total - subsidy.total)


def owed_by_buyer(parts: Iterable[Part], subsidy: Subsidy) -> tuple[Part, ...]:
    """Return what the buyer owes each party: its part, less what funders pay it instead."""
    paid: dict[OrganisationId, Money] = {}
    owed = []
    for part in parts:
        owner = part.organisation_id
        # Funders pay those who earn what was bought, never the exchange for its fee.
        earns = part.role not in (PartRole.EXCHANGE, PartRole.TAX) and part.amount.units > 0
        left = paid.setdefault(owner, subsidy.paid_to(owner))
        less = min(left, part.amount) if earns else _NOTHING
        paid[owner] = left - less
        owed.append(replace(part, amount=part.amount - less))
    assert not any(paid.values()), "funders pay nobody more than its parts"
    return tuple(owed)


def _detail(stored: StoredBill, drawn: Drawn) -> dict[str, Money]:
    detail = {
        "total": stored.total,
        "provider": stored.provider_share,
        "fee": drawn.of_role(PartRole.EXCHANGE),
    }
    return {**detail, "vouchers": stored.vouchers} if stored.vouchers else detail
