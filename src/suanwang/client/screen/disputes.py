"""Disputes, credit notes and invoices, on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from rich.console import Group, RenderableType

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import clock, exact_money, printable
from suanwang.client.screen.plan import a_table
from suanwang.client.wire_disputes import CreditNote, Dispute, Invoice


def dispute_list(found: Sequence[Dispute], say: Texts) -> RenderableType:
    """Draw disputes."""
    table = a_table(say("dispute"), say("job"), say("reason"), say("state"), say("amount"),
                    say("due"), right=(4,), ids=(0,))  # fmt: skip
    for each in found:
        amount = exact_money(each.amount, each.currency)
        due = clock(each.due_at) if each.due_at else "–"
        table.add_row(each.id, each.job_id, _reason(each.reason, say), _state(each.state, say),
                      amount, due)  # fmt: skip
    return table


def dispute_page(found: Dispute, say: Texts) -> RenderableType:
    """Draw one dispute: lines, who has frozen what, what was said."""
    head = say(
        "{id}  {state}: {amount} of {job}, {reason}",
        id=found.id, state=_state(found.state, say), job=found.job_id,
        amount=exact_money(found.amount, found.currency), reason=_reason(found.reason, say),
    )  # fmt: skip
    lines = a_table(say("line"), say("kind"), say("amount"), right=(2,))
    for each in found.items:
        lines.add_row(str(each["line"]), str(each["kind"]), _money(each["amount"], found.currency))
    frozen = a_table(say("party"), say("part"), say("frozen"), say("wanted"), right=(2, 3))
    for each in found.frozen:
        amounts = (_money(each[name], found.currency) for name in ("frozen", "wanted"))
        frozen.add_row(str(each["organisation_id"]), str(each["role"]), *amounts)
    words = [
        printable(f"{_when(each['at'])}  {say(each['verb'])}  {each.get('text') or ''}".rstrip())
        for each in found.said
    ]
    end = [] if found.credit_note_id is None else [say("Credited by {id}", id=found.credit_note_id)]
    due = [] if found.due_at is None else [say("Due {time}", time=clock(found.due_at))]
    return Group(head, lines, frozen, *words, *due, *end)


def note_list(found: Sequence[CreditNote], say: Texts) -> RenderableType:
    """Draw credit notes."""
    table = a_table(say("credit note"), say("number"), say("job"), say("amount"), say("to buyer"),
                    say("issued"), right=(3, 4), ids=(0,))  # fmt: skip
    for each in found:
        amounts = (exact_money(a, each.currency) for a in (each.amount, each.total))
        table.add_row(each.id, each.number, each.job_id, *amounts, clock(each.issued_at))
    return table


def note_page(found: CreditNote, say: Texts) -> RenderableType:
    """Draw one credit note, line by line."""
    head = say(
        "{number}  {id}: {amount} of {job} given back, {total} of it to the buyer",
        number=found.number, id=found.id, job=found.job_id,
        amount=exact_money(found.amount, found.currency),
        total=exact_money(found.total, found.currency),
    )  # fmt: skip
    table = a_table(say("line"), say("kind"), say("party"), say("part"), say("amount"), right=(4,))
    for item in found.items:
        for part in item["parts"]:
            table.add_row(str(item["line"]), str(item["kind"]), str(part["organisation_id"]),
                          str(part["role"]), _money(part["amount"], found.currency))  # fmt: skip
    return Group(head, printable(found.text), table)


def invoice_list(found: Sequence[Invoice], say: Texts) -> RenderableType:
    """Draw invoices."""
    table = a_table(say("number"), say("month"), say("paid"), say("earned"), say("invoice"),
                    right=(2, 3), ids=(0, 4))  # fmt: skip
    for each in found:
        amounts = (exact_money(a, each.currency) for a in (each.paid, each.earned))
        table.add_row(each.number, each.month, *amounts, each.id)
    return table


def _money(text: str, currency: str) -> str:
    return exact_money(Decimal(text), currency)


def _when(at: str) -> str:
    return clock(datetime.fromisoformat(at))


def _reason(reason: str, say: Texts) -> str:
    return say(reason.replace("_", " "))


def _state(state: str, say: Texts) -> str:
    return say(state)
