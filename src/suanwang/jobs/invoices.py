"""The invoice of one organisation and month: what it bought, what it earned, what was given back.

    purchases     by seller: charges, what vouchers paid; then the exchange's fee and its tax
    earnings      as centre, broker or carrier: gross − commission of others = net
    credit notes  of the month, on either side; the bills they are about stay as they are

It is a document of the exchange and no 增值税发票; it has the fields that one is issued from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from suanwang.basics.canonical import Json, canonical_bytes, sha256_hex
from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import Instant, format_instant
from suanwang.grid.fees import VAT_RATE
from suanwang.jobs.credits import Item, gets_of, sums_of
from suanwang.ledger.closing import Month

FORMAT = "suanwang-invoice/1"
BILLS_MAX = 10_000
_NOTHING = Money.zero(CNY)
_TOLD = ("energy", "carbon")
_OWN_LINES = ("fee", "tax", "voucher", *_TOLD)
_EARNING = ("centre", "broker", "carrier")
NO_FAPIAO = {
    "en": "This is a statement of account, not a VAT invoice (fapiao, 增值税发票): sellers issue"
    " those, from the fields given here.",
    "zh": "本文件是结算账单，不是增值税发票；发票由卖方依据此处所列字段另行开具。",
}
TAX_BASIS = {
    "en": "Sellers' prices include VAT. The rate shown is that of modern services; the seller's own"
    " rate goes before it. The exchange's fee is without VAT, which stands beside it.",
    "zh": "卖方价格为含税价。所列税率为现代服务业税率，以卖方实际适用税率为准。"
    "交易所手续费不含税，税额另列。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyName:
    """Who somebody is on a document."""

    id: OrganisationId
    name: str
    credit_code: str | None

    def to_wire(self) -> dict[str, Json]:
        """Write the party."""
        return {
            "organisation_id": str(self.id),
            "name": self.name,
            "credit_code": self.credit_code,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicedBill:
    """A bill with the name of its job and the hash of what was put on record of it."""

    id: str
    job_id: str
    job_name: str
    organisation_id: OrganisationId
    seller_id: OrganisationId
    lines: tuple[Mapping[str, Any], ...]
    total: Money
    created_at: Instant
    record_sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedBill:
    """A later version of a bill of an earlier month, as it is on record, and the one before."""

    id: str
    version_id: str
    job_id: str
    organisation_id: OrganisationId
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    corrected_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicedNote:
    """A credit note of the month."""

    id: str
    number: str
    bill_id: str
    job_id: str
    dispute_id: str | None
    organisation_id: OrganisationId
    items: tuple[Item, ...]
    amount: Money
    total: Money
    created_at: Instant
    paid_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that an invoice is made of. `number` None: a draft of a month that goes on."""

    invoice_id: str | None
    number: str | None
    month: Month
    issued_at: Instant
    issuer: PartyName
    recipient: PartyName
    names: Mapping[OrganisationId, PartyName]
    bought: Sequence[InvoicedBill]
    earned: Sequence[InvoicedBill]
    notes: Sequence[InvoicedNote]
    corrected: Sequence[CorrectedBill] = ()


def invoice(facts: Facts) -> dict[str, Json]:
    """Write the invoice of one organisation and month."""
    return {
        "format": FORMAT,
        "invoice_id": facts.invoice_id,
        "number": facts.number,
        "draft": facts.number is None,
        "month": str(facts.month),
        "from": format_instant(facts.month.slot.start),
        "to": format_instant(facts.month.slot.end),
        "issued_at": format_instant(facts.issued_at),
        "issuer": facts.issuer.to_wire(),
        "recipient": facts.recipient.to_wire(),
        "currency": CNY.code,
        "fapiao": {"is_fapiao": False, "note": dict(NO_FAPIAO), "basis": dict(TAX_BASIS)},
        "purchases": _purchases(facts),
        "earnings": _earnings(facts),
        "bundles": _bundles(facts),
    }


def is_empty(document: Mapping[str, Any]) -> bool:
    """Say whether there is nothing on an invoice."""
    purchases, earnings = document["purchases"], document["earnings"]
    return not (
        purchases["sellers"]
        or purchases["credit_notes"]
        or purchases["corrections"]
        or earnings["rows"]
        or earnings["credit_notes"]
        or earnings["corrections"]
    )


def _purchases(facts: Facts) -> dict[str, Json]:
    by_seller: dict[OrganisationId, list[InvoicedBill]] = {}
    for bill in facts.bought:
        by_seller.setdefault(bill.seller_id, []).append(bill)
    notes = [each for each in facts.notes if each.organisation_id == facts.recipient.id]
    fee, tax = _sum(facts.bought, "fee"), _sum(facts.bought, "tax")
    billed = _total(bill.total for bill in facts.bought)
    credited = _total(note.total for note in notes)
    changes = _corrections(facts, bought=True)
    corrected = _total(Money.parse(str(each["amount"])) for each in changes)
    return {
        "sellers": [_seller(facts, owner, bills) for owner, bills in sorted(by_seller.items())],
        "charge": str(_total(map(_charge, facts.bought))),
        "vouchers": str(-_sum(facts.bought, "voucher")),
        "fee": str(fee),
        "tax": str(tax),
        "fee_fapiao": _fapiao(facts.issuer, facts.recipient, without=fee, tax=tax),
        "billed": str(billed),
        "credit_notes": [_note(each, each.total) for each in notes],
        "credited": str(credited),
        "corrections": [dict(each) for each in changes],
        "corrected": str(corrected),
        "total": str(billed + corrected - credited),
    }


def _seller(facts: Facts, owner: OrganisationId, bills: Sequence[InvoicedBill]) -> dict[str, Json]:
    charge = _total(map(_charge, bills))
    seller = facts.names[owner]
    without = charge.times(1 / (1 + VAT_RATE))
    return {
        "seller": seller.to_wire(),
        "bills": [_bill(each) for each in bills],
        "charge": str(charge),
        "vouchers": str(-_sum(bills, "voucher")),
        "fapiao": _fapiao(seller, facts.recipient, without=without, tax=charge - without),
    }


def _bill(bill: InvoicedBill) -> dict[str, Json]:
    return {
        "bill_id": bill.id,
        "job_id": bill.job_id,
        "job": bill.job_name,
        "billed_at": format_instant(bill.created_at),
        "record_sha256": bill.record_sha256,
        "lines": [_line(place, line) for place, line in enumerate(bill.lines) if _costs(line)],
        "charge": str(_charge(bill)),
        "vouchers": str(-_sum([bill], "voucher")),
        "fee": str(_sum([bill], "fee")),
        "tax": str(_sum([bill], "tax")),
        "total": str(bill.total),
    }


def _line(place: int, line: Mapping[str, Any]) -> dict[str, Json]:
    names = ("kind", "quantity", "unit", "price", "amount", "price_source", "usage_id", "at")
    return {"line": place, **{name: str(line.get(name) or "") for name in names}}


def _earnings(facts: Facts) -> dict[str, Json]:
    owner = facts.recipient.id
    rows = [row for bill in facts.earned for row in _earned(bill, owner)]
    given = [(note, _given(note, owner)) for note in facts.notes]
    given = [(note, amount) for note, amount in given if amount]
    gross = _total(Money.parse(str(row["gross"])) for row in rows)
    net = _total(Money.parse(str(row["net"])) for row in rows)
    credited = _total(amount for _, amount in given)
    changes = _corrections(facts, bought=False)
    corrected = _total(Money.parse(str(each["amount"])) for each in changes)
    return {
        "rows": [dict(row) for row in rows],
        "gross": str(gross),
        "commission": str(gross - net),
        "net": str(net),
        "credit_notes": [_note(note, amount) for note, amount in given],
        "credited": str(credited),
        "corrections": [dict(each) for each in changes],
        "corrected": str(corrected),
        "total": str(net + corrected - credited),
    }


def _corrections(facts: Facts, *, bought: bool) -> list[dict[str, Json]]:
    """Say what later versions of bills of earlier months changed for one side."""
    owner = facts.recipient.id
    found: list[dict[str, Json]] = []
    for each in facts.corrected:
        if bought and each.organisation_id == owner:
            change = Money.parse(each.after["total"]) - Money.parse(each.before["total"])
        elif not bought:
            change = _parts_of(each.after, owner) - _parts_of(each.before, owner)
        else:
            continue
        if change:
            found.append(
                {
                    "bill_id": each.id,
                    "version_id": each.version_id,
                    "job_id": each.job_id,
                    "usage_id": str(each.after.get("usage_id") or ""),
                    "corrected_at": format_instant(each.corrected_at),
                    "record_sha256": sha256_hex(canonical_bytes(dict(each.after))),
                    "amount": str(change),
                }
            )
    return found


def _parts_of(record: Mapping[str, Any], owner: OrganisationId) -> Money:
    return _total(
        Money.parse(part["amount"])
        for part in record["parts"]
        if part["organisation_id"] == owner and part["role"] in _EARNING
    )


def _earned(bill: InvoicedBill, owner: OrganisationId) -> Iterable[dict[str, Json]]:
    """Say what an organisation earned by a bill, in each of its roles."""
    for role in _EARNING:
        gross = net = _NOTHING
        usage = ""
        for line in bill.lines:
            mine = [
                Money.parse(part["amount"])
                for part in line.get("parts", ())
                if part["organisation_id"] == owner and part["role"] == role
            ]
            if mine and line["kind"] not in _OWN_LINES:
                gross = gross + Money.parse(line["amount"])
                net = net + _total(mine)
                usage = usage or str(line.get("usage_id") or "")
        if gross or net:
            yield {
                "bill_id": bill.id,
                "job_id": bill.job_id,
                "usage_id": usage,
                "role": role,
                "billed_at": format_instant(bill.created_at),
                "record_sha256": bill.record_sha256,
                "gross": str(gross),
                "commission": str(gross - net),
                "net": str(net),
            }


def _given(note: InvoicedNote, owner: OrganisationId) -> Money:
    """Return what an organisation gave back by a note, of what it had earned."""
    gave = _total(
        a for (o, role), a in sums_of(note.items).items() if o == owner and role in _EARNING
    )
    got = _total(
        a for (o, role), a in gets_of(note.items).items() if o == owner and role in _EARNING
    )
    return gave - got


def _note(note: InvoicedNote, amount: Money) -> dict[str, Json]:
    return {
        "credit_note_id": note.id,
        "number": note.number,
        "bill_id": note.bill_id,
        "job_id": note.job_id,
        "dispute_id": note.dispute_id,
        "issued_at": format_instant(note.created_at),
        "paid_by": note.paid_by,
        "of_the_bill": str(note.amount),
        "amount": str(amount),
    }


def _bundles(facts: Facts) -> list[Json]:
    """List what proves each bill: its record's hash, and where its bundle is fetched."""
    found = {bill.id: bill for bill in (*facts.bought, *facts.earned)}
    return [
        {
            "bill_id": bill.id,
            "job_id": bill.job_id,
            "record_sha256": bill.record_sha256,
            "fetch": f"suan ledger bundle {bill.job_id}",
        }
        for bill in sorted(found.values(), key=lambda bill: (bill.created_at, bill.id))
    ]


def _fapiao(seller: PartyName, buyer: PartyName, *, without: Money, tax: Money) -> dict[str, Json]:
    """Return the fields that a VAT invoice is issued from."""
    rate = Fraction(VAT_RATE)
    return {
        "seller_name": seller.name,
        "seller_credit_code": seller.credit_code,
        "buyer_name": buyer.name,
        "buyer_credit_code": buyer.credit_code,
        "tax_rate": f"{float(rate):.2f}",
        "amount_without_tax": str(without),
        "tax": str(tax),
        "amount_with_tax": str(without + tax),
    }


def _costs(line: Mapping[str, Any]) -> bool:
    return line["kind"] not in _TOLD and bool(Money.parse(line["amount"]))


def _charge(bill: InvoicedBill) -> Money:
    return _total(Money.parse(x["amount"]) for x in bill.lines if x["kind"] not in _OWN_LINES)


def _sum(bills: Iterable[InvoicedBill], kind: str) -> Money:
    return _total(
        Money.parse(line["amount"]) for bill in bills for line in bill.lines if line["kind"] == kind
    )


def _total(amounts: Iterable[Money]) -> Money:
    return sum(amounts, _NOTHING)
