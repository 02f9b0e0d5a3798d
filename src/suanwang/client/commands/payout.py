"""`suan payout …` for those who are paid, `suan operator payout …` for those who pay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suanwang.basics.errors import Invalid
from suanwang.client import files
from suanwang.client.command import ClientCommand
from suanwang.client.commands.operator import noun
from suanwang.client.talk import Talk
from suanwang.client.wire_bank import Payout, PayoutAccount, PayoutBatch

app = noun("Payouts: money that leaves the exchange.")
account = noun("The bank account that payouts go to.")
desk = noun("Batches of payouts, which two operators approve.")
app.add_typer(account, name="account")
PayoutId = Annotated[str, typer.Argument(metavar="PAYOUT", show_default=False)]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept as evidence.")]


@account.command(
    "set",
    cls=ClientCommand,
    epilog="Example: suan payout account set --name 'Meridian Lab' --bank ICBC --number-file n.txt",
)
def set_account(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Option("--name", help="Whose it is: the organisation's own name.")],
    bank: Annotated[str, typer.Option("--bank", help="The bank and its branch.")],
    number_file: Annotated[
        str,
        typer.Option("--number-file", metavar="FILE", help="A file that holds the number alone."),
    ],
) -> None:
    """Say where the organisation's money goes; a changed account waits before it is paid to."""
    talk: Talk = ctx.obj
    path = Path(number_file)
    with files.named_trouble(path):
        number = path.read_text("utf-8").strip()
    found = talk.grid.payouts.set_account(name=name, bank=bank, number=number)
    talk.show(found, lambda: _account(found, talk))


@account.command("show", cls=ClientCommand)
def show_account(ctx: typer.Context) -> None:
    """Show where the organisation's money goes, the number masked."""
    talk: Talk = ctx.obj
    found = talk.grid.payouts.account()
    talk.show(found, lambda: _account(found, talk))


@app.command(cls=ClientCommand, epilog="Example: suan payout request 1000.00")
def request(
    ctx: typer.Context,
    amount: Annotated[str | None, typer.Argument(metavar="YUAN", show_default=False)] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that is available.")] = False,
) -> None:
    """Ask for a payout; an operator's key takes out the exchange's own fees."""
    talk: Talk = ctx.obj
    if (amount is None) is not everything:
        raise Invalid(reason=talk.say("expected an amount or --all"))
    found = talk.grid.payouts.request(amount)
    talk.show(found, lambda: _payout(found))


@app.command("list", cls=ClientCommand)
def list_payouts(ctx: typer.Context) -> None:
    """List payouts, newest first."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.bank import payout_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.payouts.list(), lambda items: payout_list(items, talk.say))


@app.command(cls=ClientCommand)
def cancel(ctx: typer.Context, payout_id: PayoutId, *, reason: Reason) -> None:
    """Let go what a payout holds, as long as it is in no batch."""
    talk: Talk = ctx.obj
    found = talk.grid.payouts.cancel(payout_id, reason=reason)
    talk.show(found, lambda: _payout(found))


@desk.command(cls=ClientCommand)
def waiting(ctx: typer.Context) -> None:
    """List payouts that are in no batch, and what each waits for."""
    # Late, as above.
    from suanwang.client.screen.bank import payout_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.payouts.waiting(), lambda items: payout_list(items, talk.say))


@desk.command(cls=ClientCommand)
def batch(ctx: typer.Context) -> None:
    """Put every payout up to the cut-off into one file for the next bank day."""
    talk: Talk = ctx.obj
    _page(talk, talk.grid.payouts.make_batch())


@desk.command("list", cls=ClientCommand)
def list_batches(ctx: typer.Context) -> None:
    """List batches, newest first."""
    # Late, as above.
    from suanwang.client.screen.bank import batch_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.payouts.batches(), lambda items: batch_list(items, talk.say))


@desk.command(cls=ClientCommand)
def show(ctx: typer.Context, batch_id: BatchId) -> None:
    """Show a batch with its payouts and the hash of its file."""
    talk: Talk = ctx.obj
    _page(talk, talk.grid.payouts.batch(batch_id))


@desk.command(
    cls=ClientCommand,
    epilog="Example: suan operator payout approve pbt_01JB3… --sha256 9f86d081…",
)
def approve(
    ctx: typer.Context,
    batch_id: BatchId,
    *,
    sha256: Annotated[str, typer.Option("--sha256", help="Of the file, as you saw it.")],
) -> None:
    """Approve a batch's file; two operators must, neither the one who made it."""
    talk: Talk = ctx.obj
    found = talk.grid.payouts.approve(batch_id, file_sha256=sha256)
    talk.show(found, lambda: f"{found.id}  {found.state}")


@desk.command(cls=ClientCommand)
def discard(ctx: typer.Context, batch_id: BatchId, *, reason: Reason) -> None:
    """Tear up a batch that is not approved; its payouts wait for the next one."""
    talk: Talk = ctx.obj
    found = talk.grid.payouts.discard(batch_id, reason=reason)
    talk.show(found, lambda: f"{found.id}  {found.state}")


@desk.command(
    cls=ClientCommand, epilog="Example: suan operator payout download pbt_01JB3… --out batch.csv"
)
def download(
    ctx: typer.Context,
    batch_id: BatchId,
    *,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Where the file goes.")],
) -> None:
    """Send an approved batch: fetch its file, which the bank then gets."""
    talk: Talk = ctx.obj
    found = talk.grid.payouts.batch(batch_id)
    if found.state != "sent":
        found = talk.grid.payouts.send(batch_id)
    with files.whole(Path(out), private=True) as file:
        file.write(talk.grid.payouts.file(batch_id))
    talk.show(found, lambda: f"{found.id}  {found.state}  {out}")


@desk.command(cls=ClientCommand)
def fail(ctx: typer.Context, payout_id: PayoutId, *, reason: Reason) -> None:
    """Say that the bank refused an approved payout, and nothing left."""
    talk: Talk = ctx.obj
    found = talk.grid.payouts.fail(payout_id, reason=reason)
    talk.show(found, lambda: _payout(found))


def _page(talk: Talk, found: PayoutBatch) -> None:
    # Late, as above.
    from suanwang.client.screen.bank import batch_page  # noqa: PLC0415

    talk.show(found, lambda: batch_page(found, talk.say))


def _payout(found: Payout) -> str:
    return f"{found.id}  {found.state}  {found.amount} {found.currency}  {found.reference}"


def _account(found: PayoutAccount, talk: Talk) -> str:
    from suanwang.client.screen.figures import clock  # noqa: PLC0415

    since = talk.say("payouts go to it from {at}", at=clock(found.usable_at))
    return f"{found.name}  {found.bank}  {found.number}  {since}"
