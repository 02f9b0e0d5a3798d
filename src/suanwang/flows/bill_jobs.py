"""Bill: usage × cleared price. Vouchers pay first, the hold the rest; what is left is freed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from suanwang.basics.canonical import Json
from suanwang.basics.ids import AccountId, BillId, CentreId, JobId, OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import to_micros
from suanwang.flows import funds
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.specs import spec_of
from suanwang.flows.terms import terms_of
from suanwang.flows.timing import Timing
from suanwang.flows.voucher_subsidy import VoucherDesk, funding_moves
from suanwang.jobs.bill import Bill, Shares, bill_for
from suanwang.jobs.lifecycle import JobEvent
from suanwang.jobs.parts import Mode, Parties, line_to_wire, parts_of_line, sum_parts
from suanwang.jobs.subsidy import Subsidy
from suanwang.jobs.usage import UsageRecord
from suanwang.ledger.accounts import AccountName
from suanwang.ledger.transfers import chained
from suanwang.store import bills, centres, jobs, ledger
from suanwang.store.bills import StoredBill
from suanwang.store.jobs import Job
from suanwang.store.tx import Tx

BATCH = 100
_NOTHING = Money.zero(CNY)
_NO_SHARES = Shares(provider=_NOTHING, fees=_NOTHING, tax=_NOTHING)


def bill_jobs(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Bill metered jobs, longest waiting first; return how many."""
    del timing  # a metered job is billed at once
    metered = jobs.find(tx, "jobs_to_bill", now=to_micros(act.now), limit=BATCH)
    if not metered:
        return 0
    held = jobs.held(tx, metered)
    desk = VoucherDesk.open(tx, {job.organisation_id for job in metered}, act=act)
    providers = _providers(tx, metered)
    exchange = funds.exchange_accounts(tx)
    change = Change(act)
    written = []
    for job in metered:
        provider, account = providers[_centre_of(job)]
        bill = _bill_of(job, held.get(job.id, _NOTHING))
        shares = bill.shares if bill else _NO_SHARES
        gross = _stored(job, provider, bill, exchange=exchange.organisation_id, act=act)
        subsidy = _subsidy(desk, job, gross)
        stored = _with_vouchers(gross, subsidy)
        owed = _owed_by_buyer(shares, subsidy.paid_to(provider))
        posts = funds.posts_of(job, owed, provider=account, exchange=exchange, act=act)
        moves = funding_moves(subsidy, job, {provider: account}, act=act)
        desk.applied(job, subsidy, stored.id, moves)
        # What a bill moves is moved together or not at all, under the bill's own name.
        change.transfer(chained(stored.id, [*posts, *moves]) if shares.total else posts)
        change.testify("bill", stored.id, on_record(stored, job), job=job)
        written.append(stored)
        change.advance(
            job,
            JobEvent.BILL,
            detail=_detail(stored, shares),
            charge=stored.total,
            hold_id=None,
        )
    bills.add(tx, written)
    change.write(tx)
    return len(metered)


def _bill_of(job: Job, held: Money) -> Bill | None:
    if job.usage is None:
        return None
    return bill_for(
        UsageRecord.from_wire(dict(job.usage)),
        terms_of(job),
        hold=held,
        time_limit_seconds=int(spec_of(job).time_limit.total_seconds()),
    )


def _centre_of(job: Job) -> CentreId:
    assert job.centre_id is not None, f"job {job.id} was metered without a centre"
    return job.centre_id


def _providers(tx: Tx, metered: list[Job]) -> Mapping[CentreId, tuple[OrganisationId, AccountId]]:
    """Return who owns the centres of these jobs, and the account it earns into."""
    owners = {each: centres.centre(tx, each).organisation_id for each in map(_centre_of, metered)}
    earning = {
        owner: ledger.account_of(tx, owner, AccountName.RECEIVABLE).id
        for owner in set(owners.values())
    }
    return {centre_id: (owner, earning[owner]) for centre_id, owner in owners.items()}


def _stored(
    job: Job, provider: OrganisationId, bill: Bill | None, *, exchange: OrganisationId, act: Act
) -> StoredBill:
    shares = bill.shares if bill else _NO_SHARES
    parties = Parties(centre=provider, exchange=exchange)
    lines = [(line, parts_of_line(line, parties)) for line in (bill.lines if bill else ())]
    return StoredBill(
        id=act.new_id(BillId),
        job_id=JobId(job.id),
        organisation_id=job.organisation_id,
        provider_id=provider,
        lines=tuple(line_to_wire(line, parts) for line, parts in lines),
        total=shares.total,
        provider_share=shares.provider,
        created_at=act.now,
        parts=tuple(part.to_wire() for part in sum_parts(parts for _, parts in lines)),
        gross=shares.total,
        mode=Mode.DIRECT,
    )


def _subsidy(desk: VoucherDesk, job: Job, gross: StoredBill) -> Subsidy:
    """Ask the programmes of a buyer what they pay of a bill; without use there is nothing."""
    if job.usage is None or not gross.total:
        return Subsidy()
    usage_id = str(job.usage["usage_id"])
    return desk.subsidy_for(job, gross.lines, supplier=gross.provider_id, usage_id=usage_id)


def _with_vouchers(gross: StoredBill, subsidy: Subsidy) -> StoredBill:
    """Put voucher lines last; the buyer pays what they leave."""
    lines = (*gross.lines, *subsidy.lines)
    return replace(gross, lines=lines, total=gross.total - subsidy.total)


def _owed_by_buyer(shares: Shares, paid: Money) -> Shares:
    return replace(shares, provider=shares.provider - paid)


def _detail(stored: StoredBill, shares: Shares) -> dict[str, Money]:
    detail = {"total": stored.total, "provider": shares.provider, "fee": shares.fees}
    return {**detail, "vouchers": stored.vouchers} if stored.vouchers else detail


def on_record(bill: StoredBill, job: Job) -> dict[str, Json]:
    """Say of a bill what can be proven: every line, who gets what, and what it rests on."""
    return {
        "bill_id": str(bill.id),
        "job_id": str(bill.job_id),
        "organisation_id": str(bill.organisation_id),
        "provider_id": str(bill.provider_id),
        "mode": bill.mode,
        "contract_id": None,
        "lines": [dict(line) for line in bill.lines],
        "parts": [dict(part) for part in bill.parts],
        "gross": str(bill.gross),
        "vouchers": str(bill.vouchers),
        "total": str(bill.total),
        "currency": bill.total.asset.code,
        "usage_id": None if job.usage is None else str(job.usage["usage_id"]),
        "round_id": job.round_id,
        "terms": dict(job.terms) if job.terms else None,
    }
