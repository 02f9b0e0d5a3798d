"""Bank lines, payouts, batches and reconciliations as people see them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import clock, exact_money, printable
from suanwang.client.screen.plan import a_table
from suanwang.client.wire_bank import BankLine, Payout, PayoutBatch, Reconciliation


def line_list(found: Sequence[BankLine], say: Texts) -> RenderableType:
    """Draw bank lines."""
    if not found:
        return Text(say("No bank lines."))
    table = a_table("id", say("day"), say("amount"), say("from or to"), say("text"), say("state"),
                    say("why"), right=(2,))  # fmt: skip
    for each in found:
        table.add_row(each.id, each.day, exact_money(each.amount, each.currency),
                      printable(each.counterparty), printable(each.text), say(each.state),
                      _why(each, say))  # fmt: skip
    return table


def _why(line: BankLine, say: Texts) -> str:
    if line.target_id or line.target_kind:
        return line.target_id or line.target_kind or ""
    return say(line.doubt.replace("-", " ")) if line.doubt else "–"


def _stands(batch: PayoutBatch, say: Texts) -> str:
    return say("approved once") if batch.state == "signed" else say(batch.state)


def _hand(what: str, say: Texts) -> str:
    hands = {"make": say("made by"), "sign": say("approved by")}
    return hands.get(what, what)


def payout_list(found: Sequence[Payout], say: Texts) -> RenderableType:
    """Draw payouts."""
    if not found:
        return Text(say("No payouts."))
    table = a_table("id", say("amount"), say("state"), say("account"), say("asked"), say("why"),
                    right=(1,))  # fmt: skip
    for each in found:
        table.add_row(each.id, exact_money(each.amount, each.currency), say(each.state),
                      each.account or "–", clock(each.created_at),
                      printable(each.reason or each.waits_for or "–"))  # fmt: skip
    return table


def batch_list(found: Sequence[PayoutBatch], say: Texts) -> RenderableType:
    """Draw batches."""
    if not found:
        return Text(say("No batches."))
    table = a_table("id", say("day"), say("state"), say("payouts"), say("total"), right=(3, 4))
    for each in found:
        total = exact_money(each.total, each.currency)
        table.add_row(each.id, each.day, _stands(each, say), str(each.count), total)
    return table


def batch_page(batch: PayoutBatch, say: Texts) -> RenderableType:
    """Draw one batch: what is to be approved, and by which hash."""
    total = exact_money(batch.total, batch.currency)
    lines: list[RenderableType] = [
        Text(f"{batch.id}  {_stands(batch, say)}  {batch.day}  {total}"),
        Text(f"SHA-256 {batch.file_sha256}"),
        payout_list(batch.payouts, say),
    ]
    lines += [
        Text(f"{_hand(each.what, say)}  {each.key_id}  {clock(each.at)}") for each in batch.hands
    ]
    lines += [Text(f"– {each.payout_id}  {each.why}") for each in batch.left_out]
    return Group(*lines)


def reconciliation_page(found: Reconciliation, say: Texts) -> RenderableType:
    """Draw a reconciliation: both sides, what is listed, whose the money is."""
    custody = found.custody
    table = a_table(found.day, found.currency, right=(1,))
    rows = {
        say("by statements"): found.statements,
        say("in our books"): found.books,
        say("unexplained"): found.unexplained,
        say("in the bank"): custody.in_bank,
        say("members'"): custody.members,
        say("suspense"): custody.suspense,
        say("fees"): custody.fees,
        say("tax"): custody.tax,
        say("the exchange's, other"): custody.exchange_other,
    }
    for name, value in rows.items():
        table.add_row(name, exact_money(value, found.currency))
    items = a_table(say("what"), "id", say("amount"), say("day"), say("days"), right=(2, 4))
    for each in found.items:
        amount = exact_money(each.amount, found.currency)
        items.add_row(each.kind, each.id, amount, each.day, str(each.age_days))
    verdict = say("It reconciles.") if found.reconciles else say("It does not reconcile.")
    gaps = [Text(say("Lines are missing at {count} places.", count=found.gaps))] * bool(found.gaps)
    return Group(table, *([items] if found.items else []), *gaps, Text(verdict))
