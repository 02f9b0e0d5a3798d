"""What an agent's reports have in common: whose lease, which token, refused or not.

A refused report changes nothing but leaves a line on the job's timeline, so a refusal is returned,
not raised: raising would undo the line. The server raises it after the commit (`or_raise`).
"""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.errors import Refused
from suanwang.basics.ids import CentreId
from suanwang.flows.act import Act, Role, must_be
from suanwang.flows.change import Change
from suanwang.flows.errors import TokenOld
from suanwang.store import jobs, leases, timeline
from suanwang.store.jobs import Job
from suanwang.store.leases import Lease, LeaseState
from suanwang.store.tx import Tx

# An agent that repeats itself for ever does not fill a timeline.
REFUSALS_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Report:
    """A job after an agent's report, and why the report was refused, if it was."""

    job: Job
    refusal: Refused | None = None

    def or_raise(self) -> Job:
        """Return the job, or raise the refusal: after the transaction, which keeps its trace."""
        if self.refusal is not None:
            raise self.refusal
        return self.job


@dataclass(frozen=True, slots=True)
class Reported:
    """A lease and its job, locked, as a report finds them."""

    job: Job
    lease: Lease
    token_old: TokenOld | None  # set: the report must change nothing

    @property
    def is_live(self) -> bool:
        """Say whether the lease is live and the report's own."""
        return self.token_old is None and self.lease.state is LeaseState.LIVE


def centre_of(act: Act) -> CentreId:
    """Return the centre that an agent's key is bound to."""
    agent = must_be(act, Role.AGENT)
    assert agent.centre_id is not None, f"agent key {agent.key_id} has no centre"
    return agent.centre_id


def load(tx: Tx, lease_id: str, token: int, *, act: Act) -> Reported:
    """Lock a lease and its job, and compare tokens; another centre's lease is NotFound."""
    centre_id = centre_of(act)
    # The job before its lease, in every flow: two that lock both never wait in a circle.
    job = jobs.job_for_update(tx, leases.lease(tx, lease_id).job_id)
    lease = leases.lease_for_update(tx, lease_id, centre_id)
    old = lease.state is LeaseState.LOST or not token == lease.token == job.token
    refusal = TokenOld(id=lease_id, found=token, expected=job.token) if old else None
    return Reported(job, lease, refusal)


def refused(tx: Tx, job: Job, refusal: Refused, *, verb: str, act: Act) -> Report:
    """Write down that a report was refused, and return the refusal."""
    if timeline.count_of_verb(tx, job.id, "refuse") < REFUSALS_SHOWN_MAX:
        change = Change(act)
        change.remark(job, "refuse", {"code": refusal.code, "report": verb, **refusal.facts})
        change.write(tx)
    return Report(job, refusal)
