"""The plan: every pool that was looked at, with the figures that decide, before money is spent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from suanwang.basics.languages import Texts
from suanwang.client.screen.figures import duration, figure, money, printable
from suanwang.client.wire import Option, Quote

if TYPE_CHECKING:
    from rich.console import RenderableType

ROWS_MAX = 20
_NOW = timedelta(seconds=90)


class _Rows(Table):
    """A table that keeps ids in one piece, to be copied, as long as the width allows it."""

    def add_row(self, *cells: RenderableType | None, **how: Any) -> None:  # noqa: ANN401 - Rich's
        """Add a row; an id's column is narrowed last, and then folds like any other."""
        whole = [column.no_wrap for column in self.columns]
        super().add_row(
            *(
                Text(cell, no_wrap=False, overflow="fold")
                if keep and isinstance(cell, str)
                else cell
                for cell, keep in zip(cells, whole, strict=False)
            ),
            **how,
        )


def a_table(
    *columns: str, right: tuple[int, ...] = (), ids: tuple[int, ...] | None = None
) -> Table:
    """Make a table without lines; `right` names the columns of figures, from 0.

    `ids` names the columns of ids; without it, those that are headed "id".
    """
    table = _Rows(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for place, name in enumerate(columns):
        table.add_column(
            name,
            justify="right" if place in right else "left",
            overflow="fold",
            no_wrap=name == "id" if ids is None else place in ids,
        )
    return table


def plan_table(quote: Quote, say: Texts, *, now: datetime | None = None) -> Table:
    """Draw a quote: feasible pools best first, then why the others cannot."""
    table = a_table(
        "#",
        say("centre"),
        say("cards"),
        say("start"),
        say("est. price"),
        say("est. cost"),
        say("data in"),
        "gCO₂e/kWh",
        say("why"),
        "",
        right=(0, 4, 5, 6, 7),
    )
    here = now or datetime.now(UTC)
    for place, option in enumerate(quote.options[:ROWS_MAX], 1):
        style = "dim" if option.why_not else "bold" if option.chosen else ""
        table.add_row(*_row(option, place, quote.currency, say=say, now=here), style=style)
    more = len(quote.options) - ROWS_MAX
    if more > 0:
        table.add_row("", say("and {count} more", count=more), style="dim")
    return table


def _row(
    option: Option, place: int, currency: str, *, say: Texts, now: datetime
) -> list[str | Text]:
    possible = option.why_not is None
    hourly = option.price * option.cards
    return [
        str(place),
        printable(f"{option.zone}/{option.centre}"),
        f"{option.cards} × {option.card_class}",
        start(option.start, say, now=now) if possible else "–",
        f"{money(hourly, currency)}/h",
        money(option.cost, currency) if possible else "–",
        duration(option.data_seconds) if possible else "–",
        figure(option.carbon_intensity),
        Text(printable(option.why_text or option.why_not or option.why)),
        Text("✔", style="green") if option.chosen else "",
    ]


def start(at: datetime | None, say: Texts, *, now: datetime) -> str:
    """Write when a job would start: "now", or how long until then."""
    if at is None:
        return "–"
    wait = at - now
    return say("now") if wait < _NOW else f"+{duration(wait.total_seconds())}"
