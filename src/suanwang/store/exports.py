"""What is exported, page by page: bills with names, accounts' balances, transfers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from suanwang.basics.ids import OrganisationId
from suanwang.basics.money import BUDGET, CNY, Asset, Money
from suanwang.basics.slots import (
    Instant,
    Slot,
    format_instant,
    from_micros,
    parse_instant,
    to_micros,
)
from suanwang.jobs.export.facts import ExportedBill
from suanwang.ledger.closing import Month
from suanwang.ledger.export.journal import Balance, Movement, Place
from suanwang.store import invoices, ledger, past
from suanwang.store.tx import Row, Tx
from suanwang.store.values import instant, parse

FIRST = (-1, "")  # before every bill


def bills(
    tx: Tx,
    period: Slot,
    owner: OrganisationId | None,
    *,
    earned: bool = False,
    after: tuple[int, str] = FIRST,
    limit: int,
) -> tuple[list[ExportedBill], tuple[int, str]]:
    """Return the next bills of a period, oldest first, and the place after them.

    Those that the owner pays, or, `earned`, those by which it earns.
    """
    asked = _asked(period, owner, earned=earned, after=after, limit=limit)
    rows = tx.all("bills_to_export", **asked)
    end = (rows[-1].created_at, rows[-1].id) if rows else after
    return _invoiced(tx, [_bill(row) for row in rows]), end


def credit_notes(
    tx: Tx,
    period: Slot,
    owner: OrganisationId | None,
    *,
    earned: bool = False,
    after: tuple[int, str] = FIRST,
    limit: int,
) -> tuple[list[ExportedBill], tuple[int, str]]:
    """Return the next credit notes of a period, oldest first, and the place after them.

    Each as a bill with one line, or, `earned`, with what its parties gave back.
    """
    asked = _asked(period, owner, earned=earned, after=after, limit=limit)
    rows = tx.all("credits_to_export", **asked)
    end = (rows[-1].note_at, rows[-1].note_id) if rows else after
    if earned:
        return [_given_back(row) for row in rows], end
    return _invoiced(tx, [_credit(row) for row in rows]), end


def _asked(
    period: Slot,
    owner: OrganisationId | None,
    *,
    earned: bool,
    after: tuple[int, str],
    limit: int,
) -> dict[str, Any]:
    return {
        "after_at": after[0],
        "after_id": after[1],
        "since": to_micros(period.start),
        "until": to_micros(period.end),
        "owner": owner,
        "earned": int(earned),
        "limit": limit,
    }


def balances(tx: Tx, before: Instant, owner: OrganisationId | None) -> list[Balance]:
    """Return what each account held just before an instant; budgets are no money."""
    if owner is not None:
        # From the last frozen statements, so that a long history costs nothing.
        whose = [each for each in ledger.accounts_of(tx, owner) if each.asset != BUDGET]
        found = past.balances_at(tx, whose, before)
        return [
            Balance(place=Place(each.id, each.organisation_id, each.name), amount=each.balance)
            for each in found
        ]
    rows = tx.all("journal_balances", before=to_micros(before))
    return [
        Balance(
            place=Place(row.id, row.organisation_id, row.name),
            amount=Money(row.units, Asset(row.asset, row.scale)),
        )
        for row in rows
    ]


def movements(
    tx: Tx, period: Slot, accounts: Sequence[str] | None, *, after: int, limit: int
) -> tuple[list[Movement], int]:
    """Return the next transfers of a period (of these accounts), and the place after them."""
    bounds = {
        "after": after,
        "since": to_micros(period.start),
        "until": to_micros(period.end),
        "limit": limit,
    }
    if accounts is None:
        rows = tx.all("journal_transfers", **bounds)
    else:
        rows = tx.all("journal_transfers_of", ids=list(accounts), **bounds)
    return [_movement(row) for row in rows], rows[-1].seq if rows else after


def _bill(row: Row) -> ExportedBill:
    body, usage = parse(row.lines), parse(row.usage) if row.usage else None
    return ExportedBill(
        id=row.id,
        job_id=row.job_id,
        job_name=row.job_name,
        job_kind=row.job_kind,
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name,
        project_id=row.project_id,
        project_name=row.project_name,
        provider_id=row.provider_id,
        centre_id=row.centre_id,
        centre_name=row.centre_name,
        zone=row.zone,
        city=row.city,
        pool_id=row.pool_id,
        chip=row.chip,
        mode=body.get("mode", "direct"),
        lines=tuple(body["lines"]),
        parts=tuple(body.get("parts", ())),
        total=Money(row.total_units, CNY),
        provider_share=Money(body["provider_units"], CNY),
        created_at=from_micros(row.created_at),
        settled_at=instant(row.settled_at),
        used=None
        if usage is None
        else (parse_instant(usage["started_at"]), parse_instant(usage["ended_at"])),
    )


def _credit(row: Row) -> ExportedBill:
    """Write what was given back of a bill as a bill of its own day, below zero."""
    bill, at = _bill(row), from_micros(row.note_at)
    amount = str(Money(-row.note_units, CNY))
    line = {
        "kind": "credit",
        "quantity": "1",
        "unit": row.number,
        "price": amount,
        "amount": amount,
        "price_source": f"bill:{bill.id}",
        "usage_id": str(bill.lines[0].get("usage_id") or "") if bill.lines else "",
        "at": format_instant(at),
        # FOCUS: a correction is of a charge of a billing period that is over.
        "corrects": Month.of(bill.created_at) < Month.of(at),
    }
    return replace(
        bill, lines=(line,), total=Money(-row.note_units, CNY), created_at=at, used=(at, at),
        credit_note=row.number,
    )  # fmt: skip


def _given_back(row: Row) -> ExportedBill:
    """Write what each party gave back of a bill (below zero), line by line."""
    note = _credit(row)
    lines = [
        {
            "kind": item["kind"],
            "amount": str(-Money.parse(item["amount"])),
            "at": format_instant(note.created_at),
            "parts": [
                part | {"amount": str(-Money.parse(part["amount"]))} for part in item["parts"]
            ],
        }
        for item in parse(row.note_body)["items"]
    ]
    return replace(note, lines=tuple(lines), provider_share=None)


def _invoiced(tx: Tx, bills: list[ExportedBill]) -> list[ExportedBill]:
    """Name the invoice that each is on, where its month has one."""
    months = {str(Month.of(each.created_at)) for each in bills}
    numbers = invoices.numbers_of(tx, {each.organisation_id for each in bills}, months)
    return [
        replace(each, invoice=numbers.get((each.organisation_id, str(Month.of(each.created_at)))))
        for each in bills
    ]


def _movement(row: Row) -> Movement:
    return Movement(
        id=row.id,
        kind=row.kind,
        debit=Place(row.debit_id, row.debit_owner, row.debit_name),
        credit=Place(row.credit_id, row.credit_owner, row.credit_name),
        amount=Money(row.amount_units, Asset(row.asset, row.scale)),
        hold_id=row.pending_id,
        group_id=row.group_id,
        chain_id=row.chain_id,
        reverses=row.reverses,
        at=from_micros(row.at),
    )
