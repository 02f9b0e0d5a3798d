"""What people see of vouchers: programmes, grants, claims, and the funder's report."""

from __future__ import annotations

from dataclasses import dataclass

from suanwang.basics.errors import NotAllowed
from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Slot
from suanwang.flows.act import Act, Role
from suanwang.flows.show import must_see, whose
from suanwang.ledger.vouchers.claims import ClaimState
from suanwang.ledger.vouchers.errors import NotTheFunder
from suanwang.ledger.vouchers.programme import programme, programmes
from suanwang.store import vouchers
from suanwang.store.tx import Tx
from suanwang.store.values import NEWEST
from suanwang.store.vouchers import Claim, Grant, Running

_PAID = (ClaimState.PAID,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One claim as its funder reads it: who, how much, for what, and where that is proven."""

    claim: Claim
    firm: str
    supplier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderReport:
    """What became of a programme's money in a time. Grants and pledges are of all time."""

    running: Running
    period: Slot
    rows: tuple[Reported, ...]
    granted: Money
    lapsed: Money
    firms_granted: int

    @property
    def paid(self) -> Money:
        """What was paid in the time, without what was clawed back."""
        amounts = (row.claim.amount for row in self.rows if row.claim.state in _PAID)
        return sum(amounts, Money.zero(CNY))

    @property
    def firms(self) -> int:
        """How many firms it was paid to."""
        return len({r.claim.organisation_id for r in self.rows if r.claim.state in _PAID})


def list_programmes(tx: Tx) -> list[Running]:
    """List every programme; what it says is public."""
    under_way = {each.id: each for each in vouchers.running(tx)}
    return [under_way.get(each.id, Running(programme=each)) for each in programmes().values()]


def show_programme(tx: Tx, programme_id: str) -> Running:
    """Return one programme. Raises ProgrammeUnknown."""
    known = programme(programme_id)
    return next((r for r in vouchers.running(tx) if r.id == known.id), Running(programme=known))


def list_grants(tx: Tx, *, act: Act, before: str = NEWEST, limit: int = 100) -> list[Grant]:
    """List the caller's grants, newest first; who sees all sees everybody's."""
    return vouchers.grants(tx, whose(act), before=before, limit=limit)


def list_claims(tx: Tx, *, act: Act, before: str = NEWEST, limit: int = 100) -> list[Claim]:
    """List the caller's claims, a funder's those under its programmes, newest first."""
    owner = whose(act)
    if act.key is not None and act.key.role is Role.FUNDER:
        return vouchers.claims(tx, funder=owner, before=before, limit=limit)
    return vouchers.claims(tx, firm=owner, before=before, limit=limit)


def show_claim(tx: Tx, claim_id: str, *, act: Act) -> Claim:
    """Return a claim to its firm, its funder, or who sees all. Raises NotFound."""
    claim = vouchers.claim(tx, claim_id)
    funder = show_programme(tx, claim.programme_id).funder_id
    must_see(act, "claim", claim_id, claim.organisation_id, funder)
    return claim


def report(tx: Tx, programme_id: str, period: Slot, *, act: Act) -> FunderReport:
    """Report on a programme to its funder, an operator or an auditor.

    Raises: ProgrammeUnknown, NotAllowed, NotTheFunder.
    """
    running = show_programme(tx, programme_id)
    owner = whose(act)
    if owner is not None:
        _must_be_funder(running, owner, act=act)
    rows = vouchers.report_rows(tx, running.id, since=period.start, until=period.end)
    firms, granted, lapsed = vouchers.granted(tx, running.id)
    return FunderReport(
        running=running,
        period=period,
        rows=tuple(Reported(claim=c, firm=firm, supplier=supplier) for c, firm, supplier in rows),
        granted=granted,
        lapsed=lapsed,
        firms_granted=firms,
    )


def _must_be_funder(running: Running, owner: OrganisationId, *, act: Act) -> None:
    assert act.key is not None, "whose() is None without a key"
    if act.key.role is not Role.FUNDER:
        raise NotAllowed(needed=Role.FUNDER, found=act.key.role)
    if running.funder_id != owner:
        raise NotTheFunder(id=running.id, needed=Role.FUNDER, found=act.key.role)
