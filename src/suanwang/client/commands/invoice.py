"""`suan invoice …`: the invoices of one's months, as JSON and PDF."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.files import whole
from suanwang.client.talk import Talk

app = typer.Typer(
    cls=LateGroup,
    help="Invoices of months, as JSON and PDF.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
InvoiceId = Annotated[str, typer.Argument(metavar="INVOICE", show_default=False)]


@app.command("list", cls=ClientCommand)
def list_invoices(ctx: typer.Context) -> None:
    """List your invoices, newest first."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.disputes import invoice_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.invoices.list(), lambda items: invoice_list(items, talk.say))


@app.command(cls=ClientCommand)
def show(ctx: typer.Context, invoice: InvoiceId) -> None:
    """Show an invoice as it was put on record: canonical JSON."""
    talk: Talk = ctx.obj
    _put(None, talk.grid.invoices.json(invoice) + b"\n", talk)


@app.command(cls=ClientCommand, epilog="Example: suan invoice issue 2026-11")
def issue(
    ctx: typer.Context,
    month: Annotated[str, typer.Argument(metavar="MONTH", show_default=False)],
    *,
    organisation: Annotated[
        str | None, typer.Option("--organisation", help="Whose, for operators.")
    ] = None,
) -> None:
    """Issue the invoice of a closed month at once, or show the one that there is."""
    # Late, as above.
    from suanwang.client.screen.disputes import invoice_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.invoices.issue(month, organisation_id=organisation)
    talk.show(found, lambda: invoice_list([found], talk.say))


@app.command(
    cls=ClientCommand, epilog="Example: suan invoice fetch INV-2026-000001 --pdf november.pdf"
)
def fetch(
    ctx: typer.Context,
    invoice: Annotated[str, typer.Argument(metavar="INVOICE|MONTH", show_default=False)],
    *,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Write the PDF there.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the JSON there.")
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="What the invoice of MONTH would say now.")
    ] = False,
) -> None:
    """Fetch an invoice as PDF, as JSON, or both; without --pdf the JSON goes to stdout."""
    talk: Talk = ctx.obj
    api = talk.grid.invoices
    if pdf is not None:
        _put(pdf, api.draft_pdf(invoice) if draft else api.pdf(invoice), talk)
    if out is not None or pdf is None:
        _put(out, (api.draft_json(invoice) if draft else api.json(invoice)) + b"\n", talk)


def _put(place: Path | None, data: bytes, talk: Talk) -> None:
    if place is None:
        sys.stdout.buffer.write(data)
        return
    with whole(place) as file:
        file.write(data)
    talk.tell(talk.say("Written: {path}", path=place))
