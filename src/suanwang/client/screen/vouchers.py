"""Voucher programmes, grants, claims and reports, on the screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import clock, exact_money, printable
from suanwang.client.screen.plan import a_table
from suanwang.client.wire_vouchers import (
    VoucherClaim,
    VoucherGrant,
    VoucherProgramme,
    VoucherReport,
)


def programme_list(found: Sequence[VoucherProgramme], say: Texts) -> RenderableType:
    """Draw programmes, with what each lacks."""
    table = a_table(say("programme"), say("name"), say("status"), say("missing"), say("pledged"),
                    right=(4,))  # fmt: skip
    for each in found:
        pledged = exact_money(each.pledged, each.currency)
        missing = ", ".join(each.missing)
        table.add_row(each.id, _name(each, say), _status(each.status, say), missing, pledged)
    return table


def programme_page(found: VoucherProgramme, say: Texts) -> RenderableType:
    """Draw one programme: every rule that it gives, and those that it needs and lacks."""
    table = a_table(say("rule"), say("value"), say("source"))
    for each in found.rules:
        if each.value is None and each.rule not in found.missing:
            continue
        value = say("(empty)") if each.value is None else _value(each.value)
        table.add_row(each.rule, printable(value), printable(each.source))
    return Group(f"{found.id}  {_name(found, say)}  {_status(found.status, say)}", table)


def grant_list(found: Sequence[VoucherGrant], say: Texts) -> RenderableType:
    """Draw grants."""
    table = a_table(say("voucher"), say("programme"), say("granted"), say("spent"), say("left"),
                    say("expires"), right=(2, 3, 4))  # fmt: skip
    for each in found:
        amounts = (exact_money(a, each.currency) for a in (each.amount, each.spent, each.left))
        table.add_row(each.id, each.programme, *amounts, clock(each.expires_at))
    return table


def claim_list(found: Sequence[VoucherClaim], say: Texts) -> RenderableType:
    """Draw claims."""
    table = a_table(say("claim"), say("programme"), say("contract"), say("state"), say("base"),
                    say("amount"), right=(4, 5))  # fmt: skip
    for each in found:
        amounts = (exact_money(a, each.currency) for a in (each.base, each.amount))
        table.add_row(each.id, each.programme, printable(each.contract_id), each.state, *amounts)
    return table


def report_page(found: VoucherReport, say: Texts) -> RenderableType:
    """Draw a funder's report: sums, then a row for each claim."""
    sums = say(
        "{programme}: pledged {pledged}, granted {granted}, lapsed {lapsed},"
        " paid {paid} to {firms} firms",
        programme=_name(found.programme, say),
        pledged=exact_money(found.pledged, found.currency),
        granted=exact_money(found.granted, found.currency),
        lapsed=exact_money(found.lapsed, found.currency),
        paid=exact_money(found.paid, found.currency),
        firms=found.firms,
    )
    table = a_table(say("firm"), say("supplier"), say("contract"), say("state"), say("base"),
                    say("amount"), say("bill"), say("transfers"), right=(4, 5))  # fmt: skip
    for row in found.items:
        claim = row.claim
        table.add_row(
            printable(row.firm), printable(row.supplier), printable(claim.contract_id), claim.state,
            exact_money(claim.base, found.currency), exact_money(claim.amount, found.currency),
            claim.bill_id or "–", " ".join(claim.transfers),
        )  # fmt: skip
    return Group(sums, table)


def _name(programme: VoucherProgramme, say: Texts) -> str:
    return programme.name_zh if say.lang == "zh" else programme.name


def _status(status: str, say: Texts) -> str:
    return say("complete") if status == "complete" else say("incomplete")


def _value(value: Any) -> str:  # noqa: ANN401 - a rule's value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
