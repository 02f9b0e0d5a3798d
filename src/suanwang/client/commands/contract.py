"""`suan contract …` and `suan broker price …`: who sells and carries for whom, at what rates.

contract   propose    agree    refuse    withdraw    end    list    show
broker     price      prices
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suanwang.basics.slots import parse_instant
from suanwang.client import files
from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.talk import Talk

if TYPE_CHECKING:
    from suanwang.client.wire_contracts import Contract

app = typer.Typer(
    cls=LateGroup,
    help="Contracts of centres with brokers and carriers.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
broker = typer.Typer(
    cls=LateGroup,
    help="What brokers sell at.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
ContractId = Annotated[str, typer.Argument(metavar="CONTRACT", show_default=False)]
Since = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="From when; without it, from now.")
]
Prices = Annotated[
    list[str] | None, typer.Option("--price", metavar="CLASS=YUAN", help="A card-hour of a class.")
]


@app.command(
    cls=ClientCommand,
    epilog=(
        "Example: suan contract propose agency --owner org_01JB… --partner org_01JC…"
        " --rate 0.05 --file agency.pdf"
    ),
)
def propose(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="agency, self_run or carriage.")],
    *,
    owner: Annotated[str, typer.Option("--owner", help="Whose centres they are.")],
    partner: Annotated[str, typer.Option("--partner", help="The broker or carrier.")],
    file: Annotated[str, typer.Option("--file", help="The text; only its SHA-256 is sent.")],
    rate: Annotated[
        str | None, typer.Option("--rate", help="Commission, carriage or discount, such as 0.05.")
    ] = None,
    price: Prices = None,
    pool: Annotated[
        list[str] | None, typer.Option("--pool", help="A pool; without it, all of the owner's.")
    ] = None,
    since: Since = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Until when.")
    ] = None,
) -> None:
    """Propose a contract to its other party."""
    talk: Talk = ctx.obj
    path = Path(file)
    with files.named_trouble(path):
        digest, _ = files.digest(path)
    found = talk.grid.contracts.propose(
        kind,
        owner_id=owner,
        partner_id=partner,
        clauses=_clauses(kind, rate, price),
        text_sha256=digest,
        pools=pool or (),
        from_at=parse_instant(since) if since else None,
        until_at=parse_instant(until) if until else None,
    )
    _show(talk, found)


@app.command(cls=ClientCommand)
def agree(ctx: typer.Context, contract: ContractId) -> None:
    """Agree to what the other party proposed."""
    talk: Talk = ctx.obj
    _show(talk, talk.grid.contracts.agree(contract))


@app.command(cls=ClientCommand)
def refuse(ctx: typer.Context, contract: ContractId) -> None:
    """Refuse what the other party proposed."""
    talk: Talk = ctx.obj
    _show(talk, talk.grid.contracts.refuse(contract))


@app.command(cls=ClientCommand)
def withdraw(ctx: typer.Context, contract: ContractId) -> None:
    """Take back what you have proposed."""
    talk: Talk = ctx.obj
    _show(talk, talk.grid.contracts.withdraw(contract))


@app.command(cls=ClientCommand)
def end(ctx: typer.Context, contract: ContractId) -> None:
    """End a contract; jobs that were cleared under it are still billed by it."""
    talk: Talk = ctx.obj
    _show(talk, talk.grid.contracts.end(contract))


@app.command("list", cls=ClientCommand)
def list_contracts(ctx: typer.Context) -> None:
    """List your contracts."""
    talk: Talk = ctx.obj
    talk.show_all(talk.grid.contracts.list(), lambda items: "\n".join(map(_line, items)))


@app.command(cls=ClientCommand)
def show(ctx: typer.Context, contract: ContractId) -> None:
    """Show a contract: its parties, clauses and what was said."""
    talk: Talk = ctx.obj
    _show(talk, talk.grid.contracts.get(contract))


@broker.command(
    cls=ClientCommand, epilog="Example: suan broker price a100-80g-sxm=9.20 h100-80g-sxm=16"
)
def price(
    ctx: typer.Context,
    prices: Annotated[
        list[str], typer.Argument(metavar="CLASS=YUAN", help="A card-hour of a class.")
    ],
    *,
    since: Since = None,
) -> None:
    """Set what you sell a card-hour at, by class, on your own account."""
    talk: Talk = ctx.obj
    classes = {name: {"kind": "flat", "price": yuan} for name, yuan in _pairs(prices).items()}
    found = talk.grid.brokers.set_prices(
        {"kind": "per_class", "classes": classes},
        from_at=parse_instant(since) if since else None,
    )
    talk.show(found, lambda: found.id)


@broker.command("prices", cls=ClientCommand)
def prices_of(
    ctx: typer.Context,
    organisation: Annotated[str, typer.Argument(metavar="BROKER", show_default=False)],
) -> None:
    """Show what a broker sells at, newest first."""
    talk: Talk = ctx.obj
    found = talk.grid.brokers.prices(organisation)
    talk.show_all(
        iter(found),
        lambda items: "\n".join(
            f"{each.id}  {each.from_at:%Y-%m-%d %H:%M}  {name}  {row.get('price')}"
            for each in items
            for name, row in each.prices["classes"].items()
        ),
    )


def _clauses(kind: str, rate: str | None, prices: list[str] | None) -> dict[str, Any]:
    if kind == "self_run" and prices:
        return {"prices": _pairs(prices)}
    name = {"agency": "commission", "self_run": "discount"}.get(kind, "carriage")
    return {name: rate}


def _pairs(items: list[str]) -> dict[str, str]:
    return {name: yuan for name, _, yuan in (each.partition("=") for each in items)}


def _show(talk: Talk, found: Contract) -> None:
    talk.show(found, lambda: _page(found))


def _line(found: Contract) -> str:
    clauses = ", ".join(f"{name} {_clause(each)}" for name, each in found.clauses.items())
    return f"{found.id}  {found.state}  {found.kind}  {clauses}"


def _clause(found: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(found, dict):
        return " ".join(f"{name}={each}" for name, each in found.items())
    return str(found)


def _page(found: Contract) -> str:
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.figures import clock  # noqa: PLC0415

    words = [
        f"{clock(datetime.fromisoformat(each['at']))}  {each['verb']}  {each['organisation_id']}"
        for each in found.said
    ]
    return "\n".join([_line(found), f"{found.owner_id} – {found.partner_id}", *words])
