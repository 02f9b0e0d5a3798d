"""An invoice of any length, made without a database, for tests of its pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import Money
from suanwang.jobs.credits import asked_for, lines_left
from suanwang.jobs.invoices import Facts, InvoicedBill, InvoicedNote, PartyName, invoice
from suanwang.ledger.closing import Month

BUYER, EXCHANGE = OrganisationId("org_buyer"), OrganisationId("org_exchange")
LONG = "北京市海淀区某某人工智能与高性能计算技术研究发展股份有限公司第三分公司" * 2
AT = datetime(2026, 11, 3, 4, tzinfo=UTC)


def a_line(kind: str, amount: str, owner: str, role: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind, "quantity": "12.333333333", "unit": "card-hour", "price": "3.25",
        "amount": amount, "currency": "CNY", "price_source": "round:rnd_01JB3ZK8Q4AAAAAAAAAAAAAAAA",
        "usage_id": "usg_01JB3ZK8Q4AAAAAAAAAAAAAAAA", "at": "2026-11-03T04:00:00Z",
        "parts": [{"organisation_id": owner, "role": role, "amount": amount}],
    } | more  # fmt: skip


def a_bill(number: int, seller: str) -> InvoicedBill:
    lines = (
        a_line("compute", "40.083333", seller, "centre"),
        a_line("data_out", "1.5", seller, "centre", unit="GB"),
        a_line("fee", "0.831667", EXCHANGE, "exchange", unit="2 %"),
        a_line("tax", "0.0499", EXCHANGE, "tax", unit="6 %"),
        a_line("voucher", "-8.016667", "org_city", "funder", unit="20 %",
               price_source="voucher:invented-demo-2026",
               explained=[{"kind": "compute", "amount": "40.083333", "taken": "40.083333"}]),
    )  # fmt: skip
    return InvoicedBill(
        id=f"bil_01JB3ZK8Q4{number:016}",
        job_id=f"job_01JB3ZK8Q4{number:016}",
        job_name="训练 train",
        organisation_id=BUYER,
        seller_id=OrganisationId(seller),
        lines=lines,
        total=Money.parse("34.448233"),
        created_at=AT + timedelta(minutes=number),
        record_sha256=f"{number:064x}",
    )


def a_note(bill: InvoicedBill, number: int) -> InvoicedNote:
    items = asked_for(bill.id, lines_left(bill.lines), {0: Money.parse("10")})
    amount = sum((each.amount for each in items), Money(0))
    return InvoicedNote(
        id=f"crn_01JB3ZK8Q4{number:016}",
        number=f"CN-2026-{number:06}",
        bill_id=bill.id,
        job_id=bill.job_id,
        dispute_id=f"dsp_01JB3ZK8Q4{number:016}",
        organisation_id=BUYER,
        items=items,
        amount=amount,
        total=sum((each.cash for each in items), Money(0)),
        created_at=AT,
        paid_by="parties",
    )


def a_document(
    *, bills: int = 3, sellers: int = 2, notes: int = 1, earned: int = 0, number: str | None = "x",
    name: str = LONG,
) -> dict[str, Any]:  # fmt: skip
    owners = [f"org_seller{n}" for n in range(sellers)]
    bought = [a_bill(n, owners[n % sellers]) for n in range(bills)]
    names = {
        OrganisationId(owner): PartyName(id=OrganisationId(owner), name=f"{name} {owner}",
                                         credit_code="91110108MA01ABCD12")
        for owner in (*owners, BUYER, EXCHANGE)
    }  # fmt: skip
    return invoice(
        Facts(
            invoice_id=number and "inv_1",
            number=number and "INV-2026-000001",
            month=Month(2026, 11),
            issued_at=datetime(2026, 12, 6, tzinfo=UTC),
            issuer=names[EXCHANGE],
            recipient=names[BUYER],
            names=names,
            bought=bought,
            earned=[a_bill(10_000 + n, BUYER) for n in range(earned)],
            notes=[a_note(bought[n], n + 1) for n in range(notes)],
        )
    )
