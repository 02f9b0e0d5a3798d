"""Hold the bank's account against ours, and members' money against what is in the bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from suanwang.basics.errors import Invalid
from suanwang.basics.ids import ReconciliationId
from suanwang.basics.money import CNY, Money
from suanwang.basics.slots import day_slot, format_instant, market_day
from suanwang.flows.act import Act
from suanwang.flows.bank_desk import open_desk
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.ledger.bank.lines import LineState
from suanwang.ledger.bank.reconciling import Item, ItemKind, Reconciliation
from suanwang.store import bank, evidence, payouts
from suanwang.store.evidence import Evidence
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx

_WAITING = {
    LineState.SUSPENSE: ItemKind.SUSPENSE,
    LineState.RETURNING: ItemKind.RETURNING,
    LineState.UNBOOKED: ItemKind.UNBOOKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A reconciliation as it was put on record."""

    id: ReconciliationId
    found: Reconciliation


def reconcile_bank(tx: Tx, day: date | None, *, act: Act) -> Report:
    """Reconcile as of a day's end (None: today's), and put the report on record.

    Raises: NotAllowed, ExchangeNotOpen, Invalid.
    """
    today = market_day(act.now)
    until = day or today
    if until > today:
        raise Invalid(reason=f"expected a day until today, {today}, found {until}")
    desk = open_desk(tx)
    found = _reconcile(tx, until)
    report = Report(id=act.new_id(ReconciliationId), found=found)
    record = report_record(found)
    facts = {"reconciliation_id": report.id, "day": record["day"],
             "reconciles": found.reconciles}  # fmt: skip
    record_operator_action(tx, "reconcile-bank", facts, act=act)
    evidence.add(
        tx,
        [
            Evidence(
                kind="reconciliation",
                id=report.id,
                record={**record, "at": format_instant(act.now)},
                at=act.now,
                organisation_id=desk.exchange_id,
            )
        ],
    )
    publish(
        tx,
        "bank.reconciled",
        subject=report.id,
        organisation_id=desk.exchange_id,
        body={**facts, "unexplained": record["unexplained"], "currency": CNY.code},
        act=act,
    )
    return report


def report_record(found: Reconciliation) -> dict[str, Any]:
    """Write a reconciliation as it is put on record and shown."""
    custody = found.custody
    return {
        "day": found.day.isoformat(),
        "reconciles": found.reconciles,
        "currency": CNY.code,
        "opening": str(found.opening),
        "statements": str(found.statements),
        "gaps": found.gaps,
        "books": str(found.books),
        "unexplained": str(found.unexplained),
        "custody": {
            "in_bank": str(found.in_bank),
            "members": str(custody.members),
            "suspense": str(custody.suspense),
            "fees": str(custody.fees),
            "tax": str(custody.tax),
            "exchange_other": str(custody.exchange_other),
        },
        "items": [
            {
                "kind": item.kind.value,
                "id": item.id,
                "amount": str(item.amount),
                "day": item.day.isoformat(),
                "age_days": item.age_days,
            }
            for item in found.items
        ],
    }


def _reconcile(tx: Tx, day: date) -> Reconciliation:
    end = day_slot(day).end
    sums = bank.statement_sums(tx, day)
    custody, in_bank = bank.custody(tx)
    opening = Money(sum(each.opening.units for each in sums), CNY)
    lines = Money(sum(each.lines.units for each in sums), CNY)
    return Reconciliation(
        day=day,
        opening=opening,
        statements=opening + lines,
        gaps=sum(each.gaps for each in sums),
        books=in_bank - bank.booked_later(tx, day=day, before=end),
        in_bank=in_bank,
        custody=custody,
        items=_items(tx, day),
    )


def _items(tx: Tx, day: date) -> list[Item]:
    def item(kind: ItemKind, about: str, amount: Money, since: date) -> Item:
        return Item(
            kind=kind, id=about, amount=amount, day=since, age_days=max((day - since).days, 0)
        )

    found = [
        item(_WAITING[each.state], each.id, each.line.amount, each.line.day)
        for each in bank.lines_waiting(tx, day)
    ]
    end = day_slot(day).end
    found += [
        item(ItemKind.TOP_UP, each.id, each.amount, market_day(each.at))
        for each in bank.top_ups_open(tx, before=end, day=day)
    ]
    found += [
        item(ItemKind.PAYOUT, each.id, -each.amount, market_day(each.updated_at))
        for each in payouts.payouts_sent(tx)
    ]
    return found
