"""Centres, offers and money as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.text import Text

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import ago, clock, exact_money, money, printable
from suanwang.client.screen.plan import a_table
from suanwang.client.wire_grid import Centre, Offer, Secret
from suanwang.client.wire_money import Account, ClosedMonth, ClosedStatement, Statement


def centre_list(centres: Sequence[Centre], say: Texts) -> RenderableType:
    """Draw the centres."""
    if not centres:
        return Text(say("No centre has joined yet."))
    table = a_table("id", say("centre"), say("zone"), say("state"), say("cards"), say("last seen"),
                    right=(4,))  # fmt: skip
    for centre in centres:
        cards = sum(pool.cards or 0 for pool in centre.pools)
        table.add_row(centre.id, printable(centre.name), centre.zone, _presence(centre, say),
                      str(cards), _seen(centre, say))  # fmt: skip
    return table


def centre_page(centre: Centre, say: Texts) -> RenderableType:
    """Draw one centre: its facts and its pools."""
    table = a_table(say("pool"), say("class"), say("nodes"), say("cards"), say("price now"),
                    right=(2, 3, 4))  # fmt: skip
    for pool in centre.pools:
        table.add_row(printable(pool.name), pool.card_class, str(pool.nodes or "–"),
                      str(pool.cards or "–"), money(pool.price_now, pool.currency))  # fmt: skip
    place = ", ".join(filter(None, (centre.city, centre.province)))
    facts = f"{centre.id}  {centre.zone} ({place})  {_presence(centre, say)}  {_seen(centre, say)}"
    known = [f"{key} {value}" for key, value in centre.facts.items()
             if isinstance(value, str | int | float) and key in _SHOWN]  # fmt: skip
    head = Text(printable(centre.name), style="bold")
    return Group(head, Text(printable(facts)), Text(printable("  ".join(known))), "", table)


_SHOWN = ("pue", "bandwidth_mbps", "data_price_gb", "cold_price_gb_month")


def _presence(centre: Centre, say: Texts) -> str:
    return say("silent") if centre.silent and centre.state == "joined" else centre.state


def _seen(centre: Centre, say: Texts) -> str:
    if centre.last_seen_at is None:
        return say("never")
    return say("{time} ago", time=ago(centre.last_seen_at))


def offer_list(offers: Sequence[Offer], say: Texts) -> RenderableType:
    """Draw what can be had now."""
    if not offers:
        return Text(say("Nothing fits. See everything: suan offers"))
    table = a_table(say("class"), say("centre"), say("pool"), say("free"), say("cards"),
                    say("price/card-hour"), right=(3, 4, 5))  # fmt: skip
    for offer in offers:
        table.add_row(offer.card_class, printable(f"{offer.zone}/{offer.centre}"),
                      printable(offer.pool), str(offer.cards_free), str(offer.cards),
                      money(offer.price, offer.currency))  # fmt: skip
    return table


def account_list(accounts: Sequence[Account], say: Texts) -> RenderableType:
    """Draw accounts."""
    if not accounts:
        return Text(say("No accounts yet."))
    table = a_table(say("account"), say("balance"), say("held"), say("available"),
                    right=(1, 2, 3))  # fmt: skip
    for account in accounts:
        table.add_row(account.name, exact_money(account.balance, account.currency),
                      exact_money(account.held, account.currency),
                      exact_money(account.available, account.currency))  # fmt: skip
    return table


def closed_statement_list(found: Sequence[ClosedStatement], say: Texts) -> RenderableType:
    """Draw frozen statements, one a line."""
    if not found:
        return Text(say("No month is closed yet."))
    table = a_table(say("month"), say("account"), say("opening"), say("credits"), say("debits"),
                    say("closing"), say("entries"), right=(2, 3, 4, 5, 6))  # fmt: skip
    for each in found:
        amounts = (each.opening, each.credits, each.debits, each.closing)
        told = [exact_money(amount, each.currency) for amount in amounts]
        table.add_row(each.month, each.name, *told, str(each.entries))
    return table


def closed_month_list(months: Sequence[ClosedMonth], say: Texts) -> RenderableType:
    """Draw closed months."""
    if not months:
        return Text(say("No month is closed yet."))
    table = a_table(say("month"), say("closed"), say("statements"), right=(2,))
    for each in months:
        count = "…" if each.statements is None else str(each.statements)
        table.add_row(each.month, clock(each.closed_at), count)
    return table


def secret_list(secrets: Sequence[Secret], say: Texts) -> RenderableType:
    """Draw the secrets, whose values nobody is shown."""
    if not secrets:
        return Text(say("No secrets. Keep one: suan secret set NAME"))
    table = a_table(say("name"), say("kept"))
    for secret in secrets:
        table.add_row(printable(secret.name), clock(secret.created_at))
    return table


def statement_page(statement: Statement, say: Texts) -> RenderableType:
    """Draw a statement: opening + entries = closing."""
    table = a_table(say("at"), say("for"), say("amount"), say("balance"), right=(2, 3))

    def row(at: datetime, what: str, amount: Decimal | None, balance: Decimal) -> list[str]:
        moved = "" if amount is None else exact_money(amount, statement.currency)
        return [clock(at), printable(what), moved, exact_money(balance, statement.currency)]

    opening = row(statement.start, say("opening"), None, statement.opening)
    table.add_row(*opening, style="bold")
    for entry in statement.items:
        what = "  ".join(str(value) for value in entry.memo.values())
        table.add_row(*row(entry.at, what, entry.amount, entry.balance))
    closing = row(statement.end, say("closing"), None, statement.closing)
    table.add_row(*closing, style="bold")
    return table
