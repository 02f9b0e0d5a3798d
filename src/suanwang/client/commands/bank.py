"""`suan operator bank …`: lines of the bank, whose they are, whether all agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suanwang.client import files
from suanwang.client.command import ClientCommand
from suanwang.client.commands.operator import noun
from suanwang.client.talk import Talk

app = noun("The bank desk: lines of the bank, whose they are, whether all agrees.")
EXIT_UNRECONCILED = 1
LineId = Annotated[str, typer.Argument(metavar="LINE", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept as evidence.")]


@app.command(
    "import", cls=ClientCommand, epilog="Example: suan operator bank import lines-2026-11-24.csv"
)
def import_lines(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False)],
    *,
    account: Annotated[
        str, typer.Option("--account", help="Which of the exchange's accounts it is of.")
    ] = "main",
) -> None:
    """Import a CSV file of bank lines; what is known counts once."""
    talk: Talk = ctx.obj
    path = Path(file)
    with files.named_trouble(path):
        data = path.read_bytes()
    done = talk.grid.bank.import_lines(data, account=account)
    told = talk.say(
        "New: {new}, matched: {matched}, waiting: {waiting}, known before: {known}",
        new=done.new, matched=done.matched, waiting=done.waiting, known=done.known,
    )  # fmt: skip
    if talk.quiet:
        for each in done.items:
            talk.write(each.id)
        return
    talk.show(done, lambda: told)


@app.command(cls=ClientCommand)
def lines(ctx: typer.Context) -> None:
    """List bank lines, newest first."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.bank import line_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.bank.lines(), lambda items: line_list(items, talk.say))


@app.command(cls=ClientCommand)
def unmatched(ctx: typer.Context) -> None:
    """List bank lines that somebody has to look at."""
    # Late, as above.
    from suanwang.client.screen.bank import line_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.bank.lines(waiting=True)
    talk.show_all(found, lambda items: line_list(items, talk.say))


@app.command(
    cls=ClientCommand,
    epilog="Example: suan operator bank assign bln_01JB3… org_01JB3… --reason 'letter of 24 Nov'",
)
def assign(
    ctx: typer.Context,
    line_id: LineId,
    target: Annotated[str, typer.Argument(metavar="TARGET", show_default=False)],
    *,
    reason: Reason,
) -> None:
    """Say what a line is: org_…, pay_…, bln_…, txf_… or fees."""
    talk: Talk = ctx.obj
    found = talk.grid.bank.assign(line_id, target, reason=reason)
    talk.show(found, lambda: f"{found.id}  {found.state}  {found.target_id}")


@app.command("return", cls=ClientCommand)
def send_back(ctx: typer.Context, line_id: LineId, *, reason: Reason) -> None:
    """Mark a payment that came in by mistake; the payment back quotes what this prints."""
    talk: Talk = ctx.obj
    found = talk.grid.bank.send_back(line_id, reason=reason)
    talk.show(found, lambda: f"{found.id}  {found.state}  {found.return_reference}")


@app.command(cls=ClientCommand)
def keep(ctx: typer.Context, line_id: LineId, *, reason: Reason) -> None:
    """Take back that a payment is to be sent back."""
    talk: Talk = ctx.obj
    found = talk.grid.bank.keep(line_id, reason=reason)
    talk.show(found, lambda: f"{found.id}  {found.state}")


@app.command(cls=ClientCommand, epilog="Example: suan operator bank reconcile --day 2026-11-24")
def reconcile(
    ctx: typer.Context,
    *,
    day: Annotated[
        str | None, typer.Option("--day", help="A Beijing day; by default today.")
    ] = None,
) -> None:
    """Hold statements against the books, and members' money against the bank; 1 if they differ."""
    # Late, as above.
    from suanwang.client.screen.bank import reconciliation_page  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.bank.reconcile(day=day)
    talk.show(found, lambda: reconciliation_page(found, talk.say))
    if not found.reconciles:
        raise typer.Exit(EXIT_UNRECONCILED)
