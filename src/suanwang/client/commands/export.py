"""`suan export focus|csv|jsonl|earned-csv|earned-jsonl|beancount|hledger`: books as files."""

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


def _command(form: str, example: str, help_text: str) -> None:
    """Add the command of one form; its name is the form's."""

    @app.command(form, cls=ClientCommand, epilog=_EXAMPLE.format(form, example), help=help_text)
    def export(
        ctx: typer.Context,
        *,
        start: Start = None,
        end: End = None,
        out: Out = None,
        everybody: Everybody = False,
    ) -> None:
        _export(ctx.obj, form, (start, end), out, everybody=everybody)


def _sheet(form: str, example: str, help_text: str) -> None:
    """Add the command of a form that a spreadsheet opens; its name is the form's."""

    @app.command(form, cls=ClientCommand, epilog=_EXAMPLE.format(form, example), help=help_text)
    def export(
        ctx: typer.Context,
        *,
        start: Start = None,
        end: End = None,
        out: Out = None,
        everybody: Everybody = False,
        excel: Excel = False,
    ) -> None:
        _export(ctx.obj, form, (start, end), out, everybody=everybody, excel=excel)


_command("focus", "bills.csv", "Export bills as FOCUS 1.2, which cost tools read.")
_sheet("csv", "bills.csv --excel", "Export bills as plain CSV, a row a line.")
_command("jsonl", "bills.jsonl", "Export bills as JSON lines, one bill a line.")
_sheet(
    "earned-csv",
    "earned.csv",
    "Export what was earned by bills as plain CSV, less credit notes; for sellers.",
)
_command(
    "earned-jsonl",
    "earned.jsonl",
    "Export what was earned by bills as JSON lines, less credit notes; for sellers.",
)
_command(
    "beancount", "ledger.beancount", "Export the ledger as a Beancount journal that checks itself."
)
_command("hledger", "ledger.journal", "Export the ledger as an hledger journal that checks itself.")


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
