"""Issue invoices: one for each organisation and month, once the month's books are closed.

    month closed and drawn up ──▶ 20 organisations a step ──▶ … ──▶ everybody has one

An invoice is numbered without gaps, put on record and never changes. Of a month that goes on there
is a draft, which has no number and is not kept.
"""

from __future__ import annotations

from typing import Any

from suanwang.basics.canonical import Json
from suanwang.basics.errors import Conflict, Invalid, NotFound
from suanwang.basics.ids import InvoiceId, OrganisationId
from suanwang.basics.slots import market_day
from suanwang.flows.act import Act
from suanwang.flows.show import must_see, whose
from suanwang.flows.timing import Timing
from suanwang.jobs.invoices import BILLS_MAX, Facts, invoice, is_empty
from suanwang.ledger.closing import Month
from suanwang.store import closings, disputes, identity, invoices
from suanwang.store.invoices import Invoice
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx
from suanwang.store.values import NEWEST

BATCH = 20  # organisations in one transaction


class InvoiceTooLong(Conflict):
    """The month {id} of this organisation has more than {most} bills; export them instead."""

    zh = "该组织 {id} 月的账单超过 {most} 份；请改用导出。"
    code = "invoice-too-long"


class MonthNotClosed(Conflict):
    """The books of {id} are not closed yet; until then there is a draft."""

    zh = "{id} 尚未结账；此前只有草稿。"
    code = "month-not-closed"


def issue_invoices(tx: Tx, *, act: Act, timing: Timing) -> int:
    """Issue invoices of the newest month that is closed and drawn up; return how many."""
    del timing  # a month that is closed is invoiced at once
    closed = closings.frozen(tx, act.now)
    if closed is None:
        return 0
    return _issue(tx, closed.span.month, act=act)


def issue_invoice(tx: Tx, month: Month, owner: OrganisationId, *, act: Act) -> Invoice:
    """Issue the invoice of one organisation and closed month, or return the one that it has.

    Raises: MonthNotClosed, InvoiceTooLong; NotFound where nothing was bought or earned.
    """
    found = invoices.of_month(tx, owner, month)
    if found is not None:
        return found
    closed = closings.frozen(tx, month.slot.end)
    if closed is None or closed.span.month < month:
        raise MonthNotClosed(kind="month", id=month, found="open", expected="closed")
    if not _write(tx, month, owner, act=act):
        raise NotFound(kind="invoice", id=month)
    found = invoices.of_month(tx, owner, month)
    assert found is not None, "it was written just now"
    return found


def draft_invoice(tx: Tx, month: Month, owner: OrganisationId, *, act: Act) -> dict[str, Any]:
    """Return what the invoice of a month would say now. Raises Invalid, InvoiceTooLong."""
    if month.slot.start > act.now:
        raise Invalid(reason=f"expected a month that has begun, found {month}")
    return _document(tx, month, owner, invoice_id=None, number=None, act=act)


def show_invoice(tx: Tx, invoice_id: str, *, act: Act) -> Invoice:
    """Return one invoice to whom it is for, or to who sees all."""
    found = invoices.invoice(tx, invoice_id)
    must_see(act, "invoice", invoice_id, found.organisation_id)
    return found


def list_invoices(tx: Tx, *, act: Act, before: str = NEWEST, limit: int = 100) -> list[Invoice]:
    """List the caller's invoices, newest first."""
    return invoices.page(tx, whose(act), before=before, limit=limit)


def _issue(tx: Tx, month: Month, *, act: Act) -> int:
    """Issue a batch; who has nothing on an invoice is passed over, who has too much, too."""
    after, count = "", 0
    while page := invoices.to_invoice(tx, month, after=after, limit=BATCH):
        for owner in page:
            try:
                count += _write(tx, month, owner, act=act)
            except InvoiceTooLong:
                continue
        after = page[-1]
        if count:
            return count
    return 0


def _write(tx: Tx, month: Month, owner: OrganisationId, *, act: Act) -> int:
    new_id = act.new_id(InvoiceId)
    document = _document(tx, month, owner, invoice_id=new_id, number="-", act=act)
    if is_empty(document):
        return 0
    exchange = document["issuer"]["organisation_id"]
    year = market_day(act.now).year
    number = disputes.next_number(tx, f"invoice/{exchange}/{year}")
    document = {**document, "number": f"INV-{year}-{number:06}"}
    invoices.add(tx, document, owner=owner, at=act.now)
    publish(
        tx,
        "invoice.issued",
        subject=new_id,
        organisation_id=owner,
        body={"number": document["number"], "month": str(month)},
        act=act,
    )
    return 1


def _document(
    tx: Tx,
    month: Month,
    owner: OrganisationId,
    *,
    invoice_id: InvoiceId | None,
    number: str | None,
    act: Act,
) -> dict[str, Any]:
    exchange = identity.exchange(tx)
    assert exchange is not None, "the exchange has no organisation yet"
    span, most = month.slot, BILLS_MAX + 1
    bought = invoices.bought(tx, owner, span, limit=most)
    earned = invoices.earned(tx, owner, span, limit=most)
    notes = invoices.notes(tx, owner, span, limit=most)
    corrected = invoices.corrected(tx, owner, span, limit=most)
    if max(len(bought), len(earned), len(notes), len(corrected)) > BILLS_MAX:
        raise InvoiceTooLong(kind="month", id=month, found="long", expected="short", most=BILLS_MAX)
    names = invoices.names(tx, {exchange.id, owner, *(bill.seller_id for bill in bought)})
    document: dict[str, Json] = invoice(
        Facts(
            invoice_id=invoice_id,
            number=number,
            month=month,
            issued_at=act.now,
            issuer=names[exchange.id],
            recipient=names[owner],
            names=names,
            bought=bought,
            earned=earned,
            notes=notes,
            corrected=corrected,
        )
    )
    return document
