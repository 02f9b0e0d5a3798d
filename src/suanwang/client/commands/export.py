"""`suan export focus|csv|jsonl|beancount|hledger`: bills and the ledger as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.commands.account import read_time
from suanwang.client.talk import Talk

app = typer.Typer(
    cls=LateGroup,
    help="Export bills or the ledger to other programs.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
Start = Annotated[str | None, typer.Option("--from", help="First day (Beijing) or instant.")]
End = Annotated[str | None, typer.Option("--to", help="Last day (Beijing) or instant.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write it there; else to stdout.")
]
Everybody = Annotated[
    bool, typer.Option("--everybody", help="Everybody's, not only one's own; operators, auditors.")
]
Excel = Annotated[bool, typer.Option("--excel", help="Mark it as UTF-8 for Excel.")]
_EXAMPLE = "Example: suan export {} --from 2026-11-01 --to 2026-11-30 --out {}"


@app.command(cls=ClientCommand, epilog=_EXAMPLE.format("focus", "bills.csv"))
def focus(
    ctx: typer.Context,
    *,
    start: Start = None,
    end: End = None,
    out: Out = None,
    everybody: Everybody = False,
) -> None:
    """Export bills as FOCUS 1.2, which cost tools read."""
    _export(ctx.obj, "focus", (start, end), out, everybody=everybody)


@app.command(cls=ClientCommand, epilog=_EXAMPLE.format("csv", "bills.csv --excel"))
def csv(
    ctx: typer.Context,
    *,
    start: Start = None,
    end: End = None,
    out: Out = None,
    everybody: Everybody = False,
    excel: Excel = False,
) -> None:
    """Export bills as plain CSV, a row a line."""
    _export(ctx.obj, "csv", (start, end), out, everybody=everybody, excel=excel)


@app.command(cls=ClientCommand, epilog=_EXAMPLE.format("jsonl", "bills.jsonl"))
def jsonl(
    ctx: typer.Context,
    *,
    start: Start = None,
    end: End = None,
    out: Out = None,
    everybody: Everybody = False,
) -> None:
    """Export bills as JSON lines, one bill a line."""
    _export(ctx.obj, "jsonl", (start, end), out, everybody=everybody)


@app.command(cls=ClientCommand, epilog=_EXAMPLE.format("beancount", "ledger.beancount"))
def beancount(
    ctx: typer.Context,
    *,
    start: Start = None,
    end: End = None,
    out: Out = None,
    everybody: Everybody = False,
) -> None:
    """Export the ledger as a Beancount journal that checks itself."""
    _export(ctx.obj, "beancount", (start, end), out, everybody=everybody)


@app.command(cls=ClientCommand, epilog=_EXAMPLE.format("hledger", "ledger.journal"))
def hledger(
    ctx: typer.Context,
    *,
    start: Start = None,
    end: End = None,
    out: Out = None,
    everybody: Everybody = False,
) -> None:
    """Export the ledger as an hledger journal that checks itself."""
    _export(ctx.obj, "hledger", (start, end), out, everybody=everybody)


def _export(
    talk: Talk,
    form: str,
    period: tuple[str | None, str | None],
    out: Path | None,
    *,
    everybody: bool,
    excel: bool = False,
) -> None:
    start = None if period[0] is None else read_time(period[0])
    end = None if period[1] is None else read_time(period[1], last=True)
    exports = talk.grid.exports
    if out is None:
        for piece in exports.stream(form, start=start, end=end, excel=excel, everybody=everybody):
            sys.stdout.buffer.write(piece)
        return
    exports.fetch(form, out, start=start, end=end, excel=excel, everybody=everybody)
    talk.tell(talk.say("Written: {path}", path=out))
