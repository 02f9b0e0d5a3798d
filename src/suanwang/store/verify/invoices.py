"""Invoices against the bills and credit notes that they are of: each is drawn up again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from suanwang.basics.canonical import canonical_bytes, sha256_hex
from suanwang.basics.errors import Refused
from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import parse_instant
from suanwang.jobs.invoices import BILLS_MAX, Facts, PartyName, invoice
from suanwang.ledger.closing import Month
from suanwang.store import invoices
from suanwang.store.tx import Row, Tx
from suanwang.store.values import parse
from suanwang.store.verify.finding import Finding, finding

PAGE = 100
_ERASED: Mapping[str, Any] = {}


def check_invoices(tx: Tx) -> Iterator[Finding]:
    """Draw every invoice up again, and name the first field that differs."""
    after = ""
    while page := tx.all("verify_invoices_said", after=after, limit=PAGE):
        for row in page:
            yield from _check(tx, row)
        after = page[-1].id


def _check(tx: Tx, row: Row) -> Iterator[Finding]:
    name = f"invoices {row.id}"
    try:
        said = parse(row.record)
        if said in (None, _ERASED):
            return  # the records have named it
        digest = sha256_hex(canonical_bytes(said))
        if digest != row.sha256:
            yield finding("invoice-wrong", f"{name} sha256", expected=digest, found=row.sha256)
        if row.closed_at is None or row.closed_at > row.created_at:
            expected = f"issued once {row.month} was closed"
            yield finding("invoice-wrong", f"{name} month", expected=expected, found="before")
        yield from _compare(name, _drawn(tx, row, said), said)
    except (ValueError, LookupError, TypeError, AttributeError, Refused) as error:
        expected = "what it was made of, as it was"
        yield finding("invoice-wrong", name, expected=expected, found=repr(error))


def _drawn(tx: Tx, row: Row, said: Mapping[str, Any]) -> Mapping[str, Any]:
    owner, month = OrganisationId(row.organisation_id), Month.parse(row.month)
    issued_at = parse_instant(said["issued_at"])
    parties = [said["issuer"], said["recipient"]]
    parties += [each["seller"] for each in said["purchases"]["sellers"]]
    # Names and codes are as they were then; that they were so is on record elsewhere.
    names = {
        OrganisationId(each["organisation_id"]): PartyName(
            id=OrganisationId(each["organisation_id"]),
            name=each["name"],
            credit_code=each["credit_code"],
        )
        for each in parties
    }
    facts = Facts(
        invoice_id=row.id,
        number=row.number,
        month=month,
        issued_at=issued_at,
        issuer=names[OrganisationId(said["issuer"]["organisation_id"])],
        recipient=names[owner],
        names=names,
        bought=invoices.bought(tx, owner, month.slot, limit=BILLS_MAX),
        earned=invoices.earned(tx, owner, month.slot, limit=BILLS_MAX),
        notes=invoices.notes(tx, owner, month.slot, limit=BILLS_MAX),
        corrected=invoices.corrected(tx, owner, month.slot, limit=BILLS_MAX),
    )
    return invoice(facts)


def _compare(name: str, ours: Any, said: Any) -> Iterator[Finding]:  # noqa: ANN401 - JSON
    """Go down to the first value that differs."""
    if ours == said:
        return
    if isinstance(ours, Mapping) and isinstance(said, Mapping):
        for key in sorted(ours.keys() | said.keys()):
            if ours.get(key) != said.get(key):
                yield from _compare(f"{name} {key}", ours.get(key), said.get(key))
                return
    if isinstance(ours, list) and isinstance(said, list) and len(ours) == len(said):
        for place, (mine, theirs) in enumerate(zip(ours, said, strict=True)):
            if mine != theirs:
                yield from _compare(f"{name}[{place}]", mine, theirs)
                return
    yield finding("invoice-wrong", name, expected=ours, found=said)
