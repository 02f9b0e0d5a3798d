"""Bill: usage × cleared price. The hold pays provider, fee and tax; the rest of it is released."""

from __future__ import annotations

from collections.abc import Mapping

from suanwang.basics.ids import AccountId, BillId, CentreId, JobId, OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import to_micros
from suanwang.flows import funds
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.specs import spec_of
from suanwang.flows.terms import terms_of
from suanwang.flows.timing import Timing
from suanwang.jobs.bill import Bill, Shares, bill_for
from suanwang.jobs.lifecycle import JobEvent
from suanwang.jobs.usage import UsageRecord
from suanwang.ledger.accounts import AccountName
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
    providers = _providers(tx, metered)
    exchange = funds.exchange_accounts(tx)
    change = Change(act)
    written = []
    for job in metered:
        provider, account = providers[_centre_of(job)]
        bill = _bill_of(job, held.get(job.id, _NOTHING))
        shares = bill.shares if bill else _NO_SHARES
        change.transfer(funds.posts_of(job, shares, provider=account, exchange=exchange, act=act))
        written.append(_stored(job, provider, bill, act))
        change.advance(
            job,
            JobEvent.BILL,
            detail={"total": shares.total, "provider": shares.provider, "fee": shares.fees},
            charge=shares.total,
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


def _stored(job: Job, provider: OrganisationId, bill: Bill | None, act: Act) -> StoredBill:
    shares = bill.shares if bill else _NO_SHARES
    return StoredBill(
        id=act.new_id(BillId),
        job_id=JobId(job.id),
        organisation_id=job.organisation_id,
        provider_id=provider,
        lines=tuple(line.to_wire() for line in bill.lines) if bill else (),
        total=shares.total,
        provider_share=shares.provider,
        created_at=act.now,
    )
