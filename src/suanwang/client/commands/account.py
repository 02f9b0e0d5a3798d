"""`suan account …` and `suan statement`: the organisation's money, now and before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from suanwang.basics.errors import Invalid
from suanwang.basics.slots import day_slot, parse_instant
from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.talk import Talk

app = typer.Typer(
    cls=LateGroup,
    help="Accounts.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
_DAY_CHARS = len("2026-11-24")


@app.command(cls=ClientCommand)
def show(
    ctx: typer.Context,
    *,
    at: Annotated[
        str | None, typer.Option("--at", help="As it stood then: an instant, or a day's end.")
    ] = None,
) -> None:
    """Show the organisation's accounts: balance, held, available."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.grid import account_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    instant = None if at is None else read_time(at, last=True)
    found = talk.grid.accounts.list(at=instant)
    talk.show_all(found, lambda items: account_list(items, talk.say))


@app.command(cls=ClientCommand)
def reference(ctx: typer.Context) -> None:
    """Show what a payer quotes so that a payment arrives by itself."""
    talk: Talk = ctx.obj
    found = talk.grid.accounts.reference()
    if talk.quiet:
        talk.write(found.reference)
        return
    talk.show(found, lambda: found.reference)


@app.command(
    "statement", cls=ClientCommand, epilog="Example: suan account statement --month 2026-11"
)
def closed_statement(
    ctx: typer.Context,
    *,
    month: Annotated[
        str | None, typer.Option("--month", help="A closed month, such as 2026-11.")
    ] = None,
) -> None:
    """Show frozen statements of closed months: opening + credits − debits = closing."""
    # Late, as above.
    from suanwang.client.screen.grid import closed_statement_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.accounts.statements(month=month)
    talk.show_all(found, lambda items: closed_statement_list(items, talk.say))


@app.command(cls=ClientCommand)
def closings(ctx: typer.Context) -> None:
    """List the months whose books are closed, newest first."""
    # Late, as above.
    from suanwang.client.screen.grid import closed_month_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.accounts.closings()
    talk.show_all(found, lambda items: closed_month_list(items, talk.say), id_key="month")


@app.command(cls=ClientCommand)
def settlements(ctx: typer.Context) -> None:
    """List what the organisation was paid: one net amount a market day, and its corrections."""
    # Late, as above.
    from suanwang.client.screen.settlement import settlement_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.settlement.statements()
    talk.show_all(found, lambda items: settlement_list(items, talk.say))


def statement(
    ctx: typer.Context,
    *,
    account: Annotated[
        str, typer.Option("--account", help="available, receivable or margin.")
    ] = "available",
    start: Annotated[
        str | None, typer.Option("--from", help="First day (Beijing) or instant.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day (Beijing) or instant.")] = None,
) -> None:
    """Show what moved on an account; without --from and --to: today."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.grid import statement_page  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.accounts.statement(
        account=account,
        start=None if start is None else read_time(start),
        end=None if end is None else read_time(end, last=True),
    )
    talk.show(found, lambda: statement_page(found, talk.say))


def read_time(text: str, *, last: bool = False) -> datetime:
    """Read an instant, or a Beijing day: its beginning, or (`last`) its end. Raises Invalid."""
    if len(text) != _DAY_CHARS:
        return parse_instant(text).astimezone(UTC)
    try:
        slot = day_slot(date.fromisoformat(text))
    except ValueError:
        raise Invalid(reason=f"{text!r} is no day such as 2026-11-24") from None
    return slot.end if last else slot.start
