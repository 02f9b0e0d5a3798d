"""Meter: a centre's signed usage record is checked against its lease, and taken once.

    the same record again        nothing happens
    another one for the lease    refused: usage-twice
    an old token                 refused: token-old, never billed
    a wrong signature, or more than the lease allows: refused by name

Every refusal is kept with its reason, beside the record as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Refused
from suanwang.basics.ids import UsageId
from suanwang.flows import reports
from suanwang.flows.act import Act
from suanwang.flows.change import Change
from suanwang.flows.errors import UsageRefused, UsageTwice
from suanwang.flows.reports import Report, Reported
from suanwang.jobs.lifecycle import JobEvent
from suanwang.jobs.usage import LeaseFacts, UsageRecord, refusals
from suanwang.store import centres, usage
from suanwang.store.jobs import Job
from suanwang.store.leases import Lease
from suanwang.store.tx import Tx
from suanwang.store.usage import StoredUsage

# (public key, bytes signed, signature) → whether it is that key's; the server brings Ed25519.
Verify: TypeAlias = Callable[[str, bytes, str], bool]
SIGNATURE_WRONG = "usage-signature"
REFUSED_KEPT_MAX = 20  # of one job


def record_usage(
    tx: Tx,
    lease_id: str,
    token: int,
    wire: Mapping[str, Any],
    *,
    signature: str,
    verify: Verify,
    act: Act,
) -> Report:
    """Take a usage record for a returned job, which is then METERED.

    Raises: NotFound; UsageUnreadable; TransitionRefused where the job has not returned.
    """
    record = UsageRecord.from_wire(wire)
    found = reports.load(tx, lease_id, token, act=act)
    stored = _stored(record, found, signature, act)
    if found.token_old:
        return _refuse(tx, found, stored, refusal=found.token_old, act=act)
    before = usage.accepted_of_lease(tx, found.lease.id)
    if before is not None and before.id == record.usage_id:
        return Report(found.job)
    refusal = check_record(
        tx, record, job=found.job, lease=found.lease, signature=signature, verify=verify, act=act
    )
    if refusal is None and (before is not None or not usage.add(tx, stored)):
        refusal = UsageTwice(id=record.usage_id, lease=lease_id)
    if refusal is not None:
        return _refuse(tx, found, stored, refusal=refusal, act=act)
    change = Change(act)
    said: dict[str, Json] = {
        "record": record.to_wire(),
        "signature": signature,
        "public_key": centres.centre(tx, found.lease.centre_id).public_key,
    }
    change.testify("usage", record.usage_id, said, job=found.job)
    detail = {"usage_id": record.usage_id, "wall_seconds": record.wall_seconds}
    job = change.advance(found.job, JobEvent.METER, detail=detail, usage=record.to_wire())
    change.write(tx)
    return Report(job)


def check_record(
    tx: Tx,
    record: UsageRecord,
    *,
    job: Job,
    lease: Lease,
    signature: str,
    verify: Verify,
    act: Act,
) -> Refused | None:
    """Say why a usage record is not one of its lease, signed by its centre; None: it is."""
    centre = centres.centre(tx, lease.centre_id)
    key = centre.public_key
    if key is None or not verify(key, record.signing_bytes(), signature):
        return UsageRefused(id=record.usage_id, reason=SIGNATURE_WRONG)
    cards = job.cards
    assert cards is not None, f"job {job.id} was leased without cards"
    facts = LeaseFacts(
        lease_id=lease.id,
        job_id=job.id,
        centre_id=lease.centre_id,
        token=lease.token,
        cards=cards,
        taken_at=lease.taken_at,
        ended_at=lease.ended_at or act.now,
    )
    reasons = refusals(record, facts)
    return UsageRefused(id=record.usage_id, reason=", ".join(reasons)) if reasons else None


def _stored(record: UsageRecord, found: Reported, signature: str, act: Act) -> StoredUsage:
    return StoredUsage(
        id=record.usage_id,
        lease_id=found.lease.id,
        job_id=found.job.id,
        centre_id=found.lease.centre_id,
        token=record.token,
        record=record.to_wire(),
        signature=signature,
        received_at=act.now,
    )


def _refuse(tx: Tx, found: Reported, stored: StoredUsage, *, refusal: Refused, act: Act) -> Report:
    if len(usage.of_job(tx, found.job.id)) < REFUSED_KEPT_MAX:
        code = str(refusal.facts.get("reason", refusal.code))
        # An id of our own: the same record may come again, then rightly signed, and be accepted.
        usage.add(tx, usage.refused(stored, as_id=act.new_id(UsageId), refusal=code))
    return reports.refused(tx, found.job, refusal, verb="usage", act=act)
