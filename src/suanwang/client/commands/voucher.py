"""`suan voucher …`: programmes, grants, claims, and the funder's report.

programmes    show    fill    fund    facts    grant    list
claim    claims    deliver    review    pay    claw-back    report
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.errors import OneOf
from suanwang.client.files import evidence_hashes
from suanwang.client.talk import Talk

if TYPE_CHECKING:
    from suanwang.client.wire_vouchers import VoucherClaim, VoucherReport

app = typer.Typer(
    cls=LateGroup,
    help="Compute vouchers: programmes, grants, claims, reports.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
Programme = Annotated[str, typer.Argument(metavar="PROGRAMME", show_default=False)]
Organisation = Annotated[str, typer.Argument(metavar="ORGANISATION", show_default=False)]
Amount = Annotated[str, typer.Argument(metavar="YUAN", show_default=False)]
ClaimId = Annotated[str, typer.Argument(metavar="CLAIM", show_default=False)]
REPORT_COLUMNS = (
    "claim_id", "state", "created_at", "firm", "organisation_id", "supplier", "supplier_id",
    "contract_id", "bill_id", "usage_id", "base", "amount", "currency", "evidence", "transfers",
)  # fmt: skip


@app.command(cls=ClientCommand)
def programmes(ctx: typer.Context) -> None:
    """List voucher programmes, and what each lacks before it pays."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.vouchers import programme_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.vouchers.programmes()
    talk.show_all(found, lambda items: programme_list(items, talk.say))


@app.command(cls=ClientCommand)
def show(ctx: typer.Context, programme: Programme) -> None:
    """Show a programme: every rule, with its source."""
    # Late, as above.
    from suanwang.client.screen.vouchers import programme_page  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.vouchers.programme(programme)
    talk.show(found, lambda: programme_page(found, talk.say))


@app.command(
    cls=ClientCommand,
    epilog="Example: suan voucher fill guizhou-compute-2024 rates 30 --source 'letter of 1 Dec'",
)
def fill(
    ctx: typer.Context,
    programme: Programme,
    rule: Annotated[str, typer.Argument(metavar="RULE", show_default=False)],
    value: Annotated[str, typer.Argument(metavar="VALUE", show_default=False)],
    *,
    source: Annotated[str, typer.Option("--source", help="Where the value comes from.")],
) -> None:
    """Fill a rule that the notice leaves empty; lists and true or false as JSON."""
    talk: Talk = ctx.obj
    found = talk.grid.vouchers.fill(programme, rule, _value(value), source=source)
    talk.show(found, lambda: f"{found.id}  {found.status}  {', '.join(found.missing)}")


@app.command(cls=ClientCommand)
def fund(
    ctx: typer.Context,
    programme: Programme,
    amount: Amount,
    *,
    organisation: Annotated[
        str | None, typer.Option("--organisation", help="Whose money, for operators.")
    ] = None,
) -> None:
    """Pledge money to a programme; vouchers may be granted for as much."""
    talk: Talk = ctx.obj
    found = talk.grid.vouchers.fund(programme, amount, organisation_id=organisation)
    talk.show(found, lambda: f"{found.id}  {found.pledged} {found.currency}")


@app.command(
    cls=ClientCommand,
    epilog="Example: suan voucher facts org_01JB… --kind software --legal-representative 'Li Lei'",
)
def facts(
    ctx: typer.Context,
    organisation: Organisation,
    *,
    region: Annotated[str | None, typer.Option("--region", help="Where it is registered.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="What kind of firm; may be repeated.")
    ] = None,
    credit_years: Annotated[
        int | None, typer.Option("--credit-years", help="Years without a bad record.")
    ] = None,
    legal_representative: Annotated[
        str | None, typer.Option("--legal-representative", help="Who represents it in law.")
    ] = None,
    share: Annotated[
        list[str] | None,
        typer.Option("--share", metavar="ORG=PERCENT", help="What it owns of another."),
    ] = None,
) -> None:
    """Put on record what eligibility and relations are judged by; operators only."""
    talk: Talk = ctx.obj
    shares = dict(each.partition("=")[::2] for each in share or ())
    said = {"region": region, "kinds": kind, "credit_years": credit_years,
            "legal_representative": legal_representative, "shares": shares or None}  # fmt: skip
    given = {name: value for name, value in said.items() if value is not None}
    found = talk.grid.vouchers.record_party(organisation, **given)
    talk.show(found, lambda: f"{found.organisation_id}  {json.dumps(dict(found.facts))}")


@app.command(cls=ClientCommand)
def grant(
    ctx: typer.Context,
    programme: Programme,
    organisation: Organisation,
    amount: Amount,
    *,
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="How long they are good.")
    ] = None,
) -> None:
    """Give a firm vouchers that it may spend on bills."""
    talk: Talk = ctx.obj
    found = talk.grid.vouchers.grant(programme, organisation, amount, days=days)
    talk.show(found, lambda: f"{found.id}  {found.amount} {found.currency}  {found.expires_at}")


@app.command("list", cls=ClientCommand)
def list_vouchers(ctx: typer.Context) -> None:
    """List your vouchers: granted, spent, left."""
    # Late, as above.
    from suanwang.client.screen.vouchers import grant_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.vouchers.list(), lambda items: grant_list(items, talk.say))


@app.command(cls=ClientCommand, epilog="Example: suan voucher claim beijing-… job_01JB…")
def claim(
    ctx: typer.Context,
    programme: Programme,
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", show_default=False)],
    *,
    supplier: Annotated[
        str | None, typer.Option("--supplier", help="Whose compute, if it is no job of yours.")
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="KIND=YUAN", help="A line of the contract."),
    ] = None,
    signed_on: Annotated[
        str | None, typer.Option("--signed-on", metavar="DAY", help="When it was signed.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", help="How long it runs.")] = None,
    side: Annotated[str, typer.Option("--side", help="user or supplier.")] = "user",
    pflops: Annotated[int | None, typer.Option("--pflops", help="Its scale, FP16.")] = None,
) -> None:
    """Claim for a contract; a job's id needs nothing else, its bill says the rest."""
    talk: Talk = ctx.obj
    pairs = [each.partition("=") for each in item or ()]
    items = [{"kind": kind, "amount": amount} for kind, _, amount in pairs]
    found = talk.grid.vouchers.claim(
        programme, contract, supplier_id=supplier, items=items, signed_on=signed_on, days=days,
        side=side, pflops=pflops,
    )  # fmt: skip
    _show_claim(talk, found)


@app.command(cls=ClientCommand)
def claims(ctx: typer.Context) -> None:
    """List your claims, or those under the programmes that you fund."""
    # Late, as above.
    from suanwang.client.screen.vouchers import claim_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.vouchers.claims(), lambda items: claim_list(items, talk.say))


@app.command(cls=ClientCommand, epilog="Example: suan voucher deliver vcl_… --file invoice=a.pdf")
def deliver(
    ctx: typer.Context,
    claim_id: ClaimId,
    *,
    file: Annotated[
        list[str],
        typer.Option("--file", metavar="KIND=FILE", help="A document; its hash is handed in."),
    ],
) -> None:
    """Hand in the evidence of a claim; the files themselves stay with you."""
    talk: Talk = ctx.obj
    _show_claim(talk, talk.grid.vouchers.deliver(claim_id, evidence_hashes(file)))


@app.command(cls=ClientCommand)
def review(
    ctx: typer.Context,
    claim_id: ClaimId,
    *,
    approve: Annotated[bool, typer.Option("--approve", help="The claim is right.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="The claim is wrong.")] = False,
    note: Annotated[str, typer.Option("--note", help="Why.")] = "",
) -> None:
    """Review a claim: first to lock its amount, then, by another key, to pay it."""
    talk: Talk = ctx.obj
    if approve == reject:
        raise OneOf(choices="--approve, --reject")
    _show_claim(talk, talk.grid.vouchers.review(claim_id, approve=approve, note=note))


@app.command(cls=ClientCommand)
def pay(ctx: typer.Context, programme: Programme) -> None:
    """Pay all verified claims their share, where the pool is shared pro rata."""
    # Late, as above.
    from suanwang.client.screen.vouchers import claim_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    talk.show_all(talk.grid.vouchers.pay(programme), lambda items: claim_list(items, talk.say))


@app.command("claw-back", cls=ClientCommand)
def claw_back(
    ctx: typer.Context,
    claim_id: ClaimId,
    *,
    reason: Annotated[str, typer.Option("--reason", help="One of the programme's reasons.")],
) -> None:
    """Take back what was paid for a claim."""
    talk: Talk = ctx.obj
    _show_claim(talk, talk.grid.vouchers.claw_back(claim_id, reason))


@app.command(
    cls=ClientCommand, epilog="Example: suan voucher report invented-demo-2026 --csv > report.csv"
)
def report(
    ctx: typer.Context,
    programme: Programme,
    *,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From then on (RFC 3339).")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before then.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Tell who got how much, for what, and which records prove it."""
    # Late, as above.
    from suanwang.client.screen.vouchers import report_page  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.vouchers.report(programme, start=start, end=end)
    if as_csv:
        _write_csv(found)
    else:
        talk.show(found, lambda: report_page(found, talk.say))


def _write_csv(found: VoucherReport) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(REPORT_COLUMNS)
    for row in found.items:
        said = {**row.claim.raw, "claim_id": row.claim.id, "firm": row.firm,
                "supplier": row.supplier}  # fmt: skip
        writer.writerow([_cell(said[name]) for name in REPORT_COLUMNS])


def _cell(value: Any) -> str:  # noqa: ANN401 - JSON
    """Write a cell; what a spreadsheet would take for a formula is made text."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = " ".join(
            f"{each['kind']}:{each['sha256']}" if isinstance(each, dict) else str(each)
            for each in value
        )
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _show_claim(talk: Talk, found: VoucherClaim) -> None:
    talk.show(found, lambda: f"{found.id}  {found.state}  {found.amount} {found.currency}")


def _value(text: str) -> Any:  # noqa: ANN401 - a rule's value
    """Read lists and true or false as JSON; anything else is text, as amounts and rates are."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, list | bool) else text
