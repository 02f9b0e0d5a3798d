"""`suan dispute …` and `suan credit-note …`: what of a bill is disputed, decided and given back.

dispute       open    answer    rule    withdraw    list    show
credit-note   list    show    issue
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.errors import OneOf, OptionUnreadable
from suanwang.client.files import evidence_hashes
from suanwang.client.talk import Talk

if TYPE_CHECKING:
    from suanwang.client.wire_disputes import Dispute

app = typer.Typer(
    cls=LateGroup,
    help="Dispute bills, answer disputes, rule on them.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
notes = typer.Typer(
    cls=LateGroup,
    help="Credit notes: what of bills was given back.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
DisputeId = Annotated[str, typer.Argument(metavar="DISPUTE", show_default=False)]
JobId = Annotated[str, typer.Argument(metavar="JOB", show_default=False)]
Lines = Annotated[
    list[str],
    typer.Option("--line", metavar="N[=YUAN]", help="A line of the bill, counted from 0."),
]
Text = Annotated[str, typer.Option("--text", help="What you have to say.")]


@app.command(
    "open",
    cls=ClientCommand,
    epilog="Example: suan dispute open job_01JB… --line 0=1.50 --reason quality",
)
def open_dispute(
    ctx: typer.Context,
    job: JobId,
    *,
    line: Lines,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", help="not_delivered, wrong_quantity, wrong_price, quality or other."
        ),
    ],
    text: Text = "",
) -> None:
    """Dispute lines of a job's bill, or amounts of them; fee and tax follow in proportion."""
    talk: Talk = ctx.obj
    _show(talk, talk.grid.disputes.open(job, _lines(line), reason=reason, text=text))


@app.command(
    cls=ClientCommand,
    epilog="Example: suan dispute answer dsp_01JB… --contest --text 'It ran' --file log=run.log",
)
def answer(
    ctx: typer.Context,
    dispute: DisputeId,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="You agree; it is credited.")] = False,
    contest: Annotated[bool, typer.Option("--contest", help="You do not agree.")] = False,
    text: Text = "",
    file: Annotated[
        list[str] | None,
        typer.Option("--file", metavar="KIND=FILE", help="A document; its hash is handed in."),
    ] = None,
) -> None:
    """Answer a dispute as the seller: accept, and it is credited; contest, and it is ruled on."""
    talk: Talk = ctx.obj
    # Both at once would move money on a slip of the hand.
    if accept == contest:
        raise OneOf(choices="--accept, --contest")
    if accept:
        _show(talk, talk.grid.disputes.accept(dispute, text=text))
        return
    _show(
        talk, talk.grid.disputes.contest(dispute, text=text, evidence=evidence_hashes(file or ()))
    )


@app.command(
    cls=ClientCommand, epilog="Example: suan dispute rule dsp_01JB… --uphold --text 'See log'"
)
def rule(
    ctx: typer.Context,
    dispute: DisputeId,
    *,
    uphold: Annotated[bool, typer.Option("--uphold", help="The buyer is right.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="The bill is right.")] = False,
    text: Annotated[str, typer.Option("--text", help="The reasons.")],
) -> None:
    """Rule on a contested dispute; operators only."""
    talk: Talk = ctx.obj
    if uphold == reject:
        raise OneOf(choices="--uphold, --reject")
    _show(talk, talk.grid.disputes.rule(dispute, uphold=uphold, text=text))


@app.command(cls=ClientCommand)
def withdraw(ctx: typer.Context, dispute: DisputeId) -> None:
    """Take a dispute back; what it froze is let go."""
    talk: Talk = ctx.obj
    _show(talk, talk.grid.disputes.withdraw(dispute))


@app.command("list", cls=ClientCommand)
def list_disputes(ctx: typer.Context) -> None:
    """List your disputes, and those that you are to answer."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.disputes import dispute_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.disputes.list(), lambda items: dispute_list(items, talk.say))


@app.command(cls=ClientCommand)
def show(ctx: typer.Context, dispute: DisputeId) -> None:
    """Show a dispute: its lines, who has frozen what, what was said."""
    talk: Talk = ctx.obj
    _show(talk, talk.grid.disputes.get(dispute))


@notes.command("list", cls=ClientCommand)
def list_notes(ctx: typer.Context) -> None:
    """List credit notes that you got or gave."""
    # Late, as above.
    from suanwang.client.screen.disputes import note_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.credit_notes.list(), lambda items: note_list(items, talk.say))


@notes.command("show", cls=ClientCommand)
def show_note(
    ctx: typer.Context,
    note: Annotated[str, typer.Argument(metavar="CREDIT_NOTE", show_default=False)],
) -> None:
    """Show a credit note, line by line."""
    # Late, as above.
    from suanwang.client.screen.disputes import note_page  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.credit_notes.get(note)
    talk.show(found, lambda: note_page(found, talk.say))


@notes.command(
    cls=ClientCommand,
    epilog="Example: suan credit-note issue job_01JB… --line 0=1 --paid-by seller --text Sorry",
)
def issue(
    ctx: typer.Context,
    job: JobId,
    *,
    line: Lines,
    paid_by: Annotated[str, typer.Option("--paid-by", help="exchange (operators) or seller.")],
    text: Annotated[str, typer.Option("--text", help="Why.")],
) -> None:
    """Give a part of a bill back without a dispute."""
    # Late, as above.
    from suanwang.client.screen.disputes import note_page  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.credit_notes.issue(job, _lines(line), paid_by=paid_by, text=text)
    talk.show(found, lambda: note_page(found, talk.say))


def _lines(lines: list[str]) -> dict[int, str | None]:
    """Read "0" and "0=1.50"."""
    found: dict[int, str | None] = {}
    for each in lines:
        number, _, amount = each.partition("=")
        if not number.isdecimal():
            raise OptionUnreadable(option="--line", expected="N, N=YUAN", found=each)
        found[int(number)] = amount or None
    return found


def _show(talk: Talk, found: Dispute) -> None:
    # Late, as above.
    from suanwang.client.screen.disputes import dispute_page  # noqa: PLC0415

    talk.show(found, lambda: dispute_page(found, talk.say))
