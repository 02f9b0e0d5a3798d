"""Tables of the settlement cycle: market days, and what members were paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import clock, exact_money
from suanwang.client.screen.plan import a_table
from suanwang.client.wire_settlement import MarketDay, MemberSettlement


def day_list(days: Sequence[MarketDay], say: Texts) -> RenderableType:
    """Draw market days: when each step was taken, or (in brackets) is due."""
    if not days:
        return Text(say("No market day yet."))
    names = ("day", "state", "preliminary", "final", "resettlement", "closed")
    table = a_table(*map(say, names))
    for each in days:
        table.add_row(
            each.day,
            each.state,
            _step(each.preliminary_at, each.preliminary_due),
            _step(each.final_at, each.final_due),
            _step(each.resettled_at, each.resettlement_due),
            _step(each.closed_at, each.closed_due),
        )
    return table


def settlement_list(found: Sequence[MemberSettlement], say: Texts) -> RenderableType:
    """Draw settlement statements."""
    if not found:
        return Text(say("Nothing has been settled yet."))
    names = ("day", "state", "bills", "earned", "kept", "corrections", "net")
    table = a_table(*map(say, names), right=(2, 3, 4, 5, 6))
    for each in found:
        amounts = (each.earned, each.kept, each.corrections, each.net)
        figures = [exact_money(amount, each.currency) for amount in amounts]
        table.add_row(each.day, each.state, str(each.bills), *figures)
    return table


def _step(at: datetime | None, due: datetime | None) -> str:
    if at is not None:
        return clock(at)
    return "–" if due is None else f"({clock(due)})"
