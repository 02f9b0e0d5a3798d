"""Voucher programmes under way, what is on record of firms, grants and claims: rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from suanwang.basics.errors import Conflict, NotFound
from suanwang.basics.ids import BillId, ClaimId, GrantId, OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, from_micros, to_micros
from suanwang.ledger.vouchers.claims import ClaimState
from suanwang.ledger.vouchers.engine import Party
from suanwang.ledger.vouchers.programme import Programme, Rule, fill, programme
from suanwang.store.tx import Row, Tx
from suanwang.store.values import NEWEST, parse, write

REPORT_MAX = 100_000
_NOTHING = Money.zero(CNY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A programme with what operators filled in, and who funds it."""

    programme: Programme
    filled: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    funder_id: OrganisationId | None = None
    pledged: Money = _NOTHING
    changes: int = 0

    @property
    def id(self) -> str:
        """The programme's id."""
        return self.programme.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Vouchers that a firm was given; what is not spent in time lapses to the funder."""

    id: GrantId
    programme_id: str
    organisation_id: OrganisationId
    amount: Money
    spent: Money = _NOTHING
    lapsed: Money = _NOTHING
    issued_at: Instant
    expires_at: Instant

    @property
    def left(self) -> Money:
        """What is neither spent nor lapsed."""
        return self.amount - self.spent - self.lapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim. `body`: lines, evidence, reviews and transfers, as JSON."""

    id: ClaimId
    programme_id: str
    organisation_id: OrganisationId
    supplier_id: OrganisationId
    contract_id: str
    one_only: bool
    side: str = "user"
    year: int
    state: ClaimState
    base: Money
    amount: Money
    bill_id: BillId | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    changes: int = 1
    created_at: Instant
    updated_at: Instant


def running(tx: Tx) -> list[Running]:
    """Return programmes under which something was done."""
    return [_running(row) for row in tx.all("voucher_programmes_all")]


def lock_programme(tx: Tx, programme_id: str, *, at: Instant) -> Running:
    """Return a programme, locked. Raises ProgrammeUnknown."""
    known = programme(programme_id)
    tx.do("voucher_programme_begin", id=known.id, created_at=to_micros(at))
    return _running(tx.one("voucher_programme_lock", id=known.id))


def lock_for_buyers(
    tx: Tx, buyers: Iterable[OrganisationId], *, after: Instant
) -> dict[str, Running]:
    """Return the programmes that these firms have vouchers of, locked."""
    rows = tx.all("voucher_programmes_of_buyers", buyers=sorted(buyers), after=to_micros(after))
    return {row.id: _running(row) for row in rows}


def lock_lapsing(tx: Tx, *, now: Instant) -> dict[str, Running]:
    """Return the programmes with vouchers that were not spent in time, locked."""
    rows = tx.all("voucher_programmes_lapsing", now=to_micros(now))
    return {row.id: _running(row) for row in rows}


def save_programme(tx: Tx, running: Running) -> None:
    """Write what was filled in and who funds it."""
    tx.do(
        "voucher_programme_save",
        id=running.id,
        organisation_id=running.funder_id,
        rules=write({name: dict(rule) for name, rule in running.filled.items()}),
        changes=running.changes,
        pool_units=running.pledged.units,
    )


def save_party(
    tx: Tx, organisation_id: OrganisationId, facts: Mapping[str, Any], *, at: Instant
) -> int:
    """Put facts of a firm on record; return how many times that was done."""
    row = tx.one(
        "voucher_party_save", organisation_id=organisation_id, facts=write(dict(facts)),
        at=to_micros(at),
    )  # fmt: skip
    return int(row.changes)


def parties(tx: Tx, ids: Iterable[str]) -> dict[str, Party]:
    """Return what is on record of firms; of some it may be nothing."""
    wanted = sorted(set(ids))
    found = {row.organisation_id: parse(row.facts) for row in
             tx.all("voucher_parties_of", ids=wanted)}  # fmt: skip
    return {each: party_from(each, found.get(each, {})) for each in wanted}


def party_from(organisation_id: str, facts: Mapping[str, Any]) -> Party:
    """Read what is on record of a firm."""
    kinds = facts.get("kinds")
    shares = facts.get("shares") or {}
    return Party(
        id=organisation_id,
        region=facts.get("region"),
        kinds=None if kinds is None else frozenset(kinds),
        credit_years=facts.get("credit_years"),
        legal_representative=facts.get("legal_representative"),
        shares={each: Fraction(percent) / 100 for each, percent in shares.items()},
    )


def add_grant(tx: Tx, grant: Grant) -> None:
    """Remember a grant."""
    tx.do(
        "voucher_grant_add",
        id=grant.id,
        programme_id=grant.programme_id,
        organisation_id=grant.organisation_id,
        amount_units=grant.amount.units,
        issued_at=to_micros(grant.issued_at),
        expires_at=to_micros(grant.expires_at),
    )


def save_grants(tx: Tx, grants: Iterable[Grant]) -> None:
    """Write what of grants was spent, and what lapsed."""
    tx.many(
        "voucher_grant_save",
        [
            {"id": g.id, "spent_units": g.spent.units, "lapsed_units": g.lapsed.units}
            for g in grants
        ],
    )


def grants_of(
    tx: Tx, programme_id: str, organisation_id: OrganisationId, *, after: Instant
) -> list[Grant]:
    """Return a firm's grants that expire after `after`, the next to expire in front."""
    rows = tx.all(
        "voucher_grants_of", programme_id=programme_id, organisation_id=organisation_id,
        after=to_micros(after),
    )  # fmt: skip
    return [_grant(row) for row in rows]


def grants_lapsing(tx: Tx, programmes: Iterable[str], *, now: Instant, limit: int) -> list[Grant]:
    """Return grants of these programmes that were not spent in time."""
    rows = tx.all("voucher_grants_lapsing", programmes=sorted(programmes), now=to_micros(now),
                  limit=limit)  # fmt: skip
    return [_grant(row) for row in rows]


def grants(
    tx: Tx, organisation_id: OrganisationId | None, *, before: str = NEWEST, limit: int = 100
) -> list[Grant]:
    """List a firm's grants, or (None) everybody's, newest first."""
    if organisation_id is None:
        return [_grant(row) for row in tx.all("voucher_grants_all", before=before, limit=limit)]
    rows = tx.all("voucher_grants_of_firm", organisation_id=organisation_id, before=before,
                  limit=limit)  # fmt: skip
    return [_grant(row) for row in rows]


def add_claims(tx: Tx, claims: Sequence[Claim]) -> None:
    """Remember claims; the database refuses a second for a contract that has one only."""
    tx.many("voucher_claim_add", [_claim_row(each) for each in claims])


def save_claim(tx: Tx, claim: Claim) -> None:
    """Write a claim after a step. Raises Conflict if somebody else took one meanwhile."""
    changed = tx.do(
        "voucher_claim_save",
        id=claim.id,
        state=claim.state.value,
        base_units=claim.base.units,
        amount_units=claim.amount.units,
        body=write(dict(claim.body)),
        changes=claim.changes,
        updated_at=to_micros(claim.updated_at),
    )
    if not changed:
        raise Conflict(kind="claim", id=claim.id, found="changed meanwhile", expected="as read")


def claim(tx: Tx, claim_id: str) -> Claim:
    """Return one claim; NotFound if there is none."""
    row = tx.first("voucher_claim_by_id", id=claim_id)
    if row is None:
        raise NotFound(kind="claim", id=claim_id)
    return _claim(row)


def claims(
    tx: Tx,
    *,
    firm: OrganisationId | None = None,
    funder: OrganisationId | None = None,
    before: str = NEWEST,
    limit: int = 100,
) -> list[Claim]:
    """List claims of a firm, under a funder's programmes, or everybody's, newest first."""
    if funder is not None:
        rows = tx.all("voucher_claims_of_funder", organisation_id=funder, before=before,
                      limit=limit)  # fmt: skip
    elif firm is not None:
        rows = tx.all("voucher_claims_of_firm", organisation_id=firm, before=before, limit=limit)
    else:
        rows = tx.all("voucher_claims_all", before=before, limit=limit)
    return [_claim(row) for row in rows]


def claims_of_bill(tx: Tx, bill_id: BillId) -> list[Claim]:
    """Return the claims that were taken off a bill."""
    return [_claim(row) for row in tx.all("voucher_claims_of_bill", bill_id=bill_id)]


def verified(tx: Tx, programme_id: str) -> list[Claim]:
    """Return the claims of a programme that wait for their share of the pool."""
    return [_claim(r) for r in tx.all("voucher_claims_verified", programme_id=programme_id)]


def sides_of(tx: Tx, programme_id: str, contract_id: str, *, but: str = "") -> list[str]:
    """Return the sides that have claims for a contract, other than the claim `but`."""
    rows = tx.all("voucher_claims_of_contract", programme_id=programme_id,
                  contract_id=contract_id, but=but)  # fmt: skip
    return [row.side for row in rows]


def used(
    tx: Tx, programme_id: str, organisation_id: OrganisationId, *, year: int, but: str = ""
) -> Money:
    """Return what a firm has had of a programme in a year, without the claim `but`."""
    row = tx.one("voucher_used", programme_id=programme_id, organisation_id=organisation_id,
                 year=year, but=but)  # fmt: skip
    return Money(row.units, CNY)


def report_rows(
    tx: Tx, programme_id: str, *, since: Instant, until: Instant
) -> list[tuple[Claim, str, str]]:
    """Return a programme's claims of a time, each with its firm's and supplier's name."""
    rows = tx.all("voucher_report", programme_id=programme_id, since=to_micros(since),
                  until=to_micros(until), limit=REPORT_MAX)  # fmt: skip
    return [(_claim(row), row.firm_name, row.supplier_name) for row in rows]


def granted(tx: Tx, programme_id: str) -> tuple[int, Money, Money]:
    """Return how many firms have had grants, how much, and how much of it lapsed."""
    row = tx.one("voucher_granted", programme_id=programme_id)
    return int(row.firms), Money(row.granted_units, CNY), Money(row.lapsed_units, CNY)


def _running(row: Row) -> Running:
    filled: Mapping[str, Mapping[str, Any]] = parse(row.rules)
    rules = {
        name: Rule(value=said["value"], source=said["source"], filled_by=said["by"])
        for name, said in filled.items()
    }
    owner = row.organisation_id
    return Running(
        programme=fill(programme(row.id), rules),
        filled=filled,
        funder_id=OrganisationId(owner) if owner else None,
        pledged=Money(row.pool_units, CNY),
        changes=row.changes,
    )


def _grant(row: Row) -> Grant:
    return Grant(
        id=GrantId(row.id),
        programme_id=row.programme_id,
        organisation_id=OrganisationId(row.organisation_id),
        amount=Money(row.amount_units, CNY),
        spent=Money(row.spent_units, CNY),
        lapsed=Money(row.lapsed_units, CNY),
        issued_at=from_micros(row.issued_at),
        expires_at=from_micros(row.expires_at),
    )


def _claim(row: Row) -> Claim:
    return Claim(
        id=ClaimId(row.id),
        programme_id=row.programme_id,
        organisation_id=OrganisationId(row.organisation_id),
        supplier_id=OrganisationId(row.supplier_id),
        contract_id=row.contract_id,
        one_only=row.contract_key is not None,
        side=row.side,
        year=row.year,
        state=ClaimState(row.state),
        base=Money(row.base_units, CNY),
        amount=Money(row.amount_units, CNY),
        bill_id=BillId(row.bill_id) if row.bill_id else None,
        body=parse(row.body),
        changes=row.changes,
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )


def _claim_row(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "programme_id": claim.programme_id,
        "organisation_id": claim.organisation_id,
        "supplier_id": claim.supplier_id,
        "contract_id": claim.contract_id,
        "contract_key": claim.contract_id if claim.one_only else None,
        "side": claim.side,
        "year": claim.year,
        "state": claim.state.value,
        "base_units": claim.base.units,
        "amount_units": claim.amount.units,
        "bill_id": claim.bill_id,
        "body": write(dict(claim.body)),
        "created_at": to_micros(claim.created_at),
        "updated_at": to_micros(claim.updated_at),
    }
