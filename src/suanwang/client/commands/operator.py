"""`suan operator …`: what an exchange's operator does by hand. Sign in with DATA_DIR/operator.key.

organisation add|list, verify|refuse|suspend|reinstate|close    (commands/membership.py)
key add|list|revoke    centre add|drain|reopen
project add|list    member add|list|remove      (commands/member.py)
erase member|record    (commands/erase.py)
top-up    credit    settle    days    records

A new key is a result: it goes to stdout once, or with --key-file into a file of mode 0600 that is
made before the key is, so that no key is lost to a full disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suanwang.client import files
from suanwang.client.command import ClientCommand, LateGroup
from suanwang.client.errors import Declined, KeysTooMany
from suanwang.client.talk import Talk

if TYPE_CHECKING:
    from suanwang.client.wire_money import Key

_PRIVATE = 0o600


def noun(text: str) -> typer.Typer:
    """Make a noun below `suan operator`."""
    return typer.Typer(
        cls=LateGroup,
        help=text,
        rich_markup_mode=None,
        add_completion=False,
        no_args_is_help=True,
    )


app = noun("What an operator does: organisations, keys, centres, payments.")
organisation = noun("Organisations.")
keys = noun("Keys.")
centre = noun("Centres that may join.")
app.add_typer(organisation, name="organisation")
app.add_typer(keys, name="key")
app.add_typer(centre, name="centre")

Organisation = Annotated[str, typer.Argument(metavar="ORGANISATION", show_default=False)]
CentreId = Annotated[str, typer.Argument(metavar="CENTRE", show_default=False)]
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
KeyFile = Annotated[
    str | None,
    typer.Option("--key-file", metavar="FILE", help="Write the key to a new file, mode 0600."),
]


@organisation.command(
    "add",
    cls=ClientCommand,
    epilog="Example: suan operator organisation add 'Lab 7' --key-file lab.key",
)
def add_organisation(
    ctx: typer.Context,
    name: Name,
    *,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role", metavar="ROLE", help="Role of a first key: buyer (default), provider, …"
        ),
    ] = None,
    applied: Annotated[
        bool, typer.Option("--applied", help="It has only applied: no money until it is verified.")
    ] = False,
    key_file: KeyFile = None,
) -> None:
    """Let an organisation in, with a first key for each role."""
    talk: Talk = ctx.obj
    roles = role or ["buyer"]
    if key_file is not None and len(roles) != 1:
        raise KeysTooMany(found=len(roles))
    with _kept(talk, key_file) as keep:
        made = talk.grid.operator.open_organisation(
            name, roles=roles, state="applied" if applied else "verified"
        )
        shown = keep(made.keys)
    _tell(talk, made.raw, [made.id], shown)


@organisation.command("list", cls=ClientCommand)
def list_organisations(ctx: typer.Context) -> None:
    """List the organisations."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.operator import organisation_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.operator.organisations()
    talk.show_all(found, lambda items: organisation_list(items, talk.say))


@keys.command(
    "add",
    cls=ClientCommand,
    epilog="Example: suan operator key add org_01JB3… --role buyer --key-file new.key",
)
def add_key(
    ctx: typer.Context,
    organisation_id: Organisation,
    *,
    role: Annotated[
        str,
        typer.Option(
            "--role",
            metavar="ROLE",
            help="buyer, provider, broker, funder; an auditor sees everybody's.",
        ),
    ],
    project: Annotated[
        str, typer.Option("--project", help="Project of the key; made if it is new.")
    ] = "default",
    member: Annotated[
        str | None,
        typer.Option("--member", metavar="MEMBER", help="Whose key it is; revoked with them."),
    ] = None,
    key_file: KeyFile = None,
) -> None:
    """Make a key for an organisation."""
    talk: Talk = ctx.obj
    with _kept(talk, key_file) as keep:
        made = talk.grid.operator.issue_key(
            organisation_id, role, project=project, member_id=member
        )
        shown = keep([made])
    _tell(talk, made.raw, [made.id], shown)


@keys.command("list", cls=ClientCommand)
def list_keys(ctx: typer.Context, organisation_id: Organisation) -> None:
    """List an organisation's keys, without their secrets."""
    # Late, as above.
    from suanwang.client.screen.operator import key_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.operator.keys(organisation_id)
    talk.show_all(found, lambda items: key_list(items, talk.say))


@keys.command("revoke", cls=ClientCommand)
def revoke_key(
    ctx: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", show_default=False)],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Let a key open nothing any more."""
    talk: Talk = ctx.obj
    if not yes and not talk.ask(talk.say("Revoke {id} for ever?", id=key_id)):
        raise Declined
    talk.grid.operator.revoke_key(key_id)
    talk.tell(talk.say("{id} opens nothing any more.", id=key_id))
    if talk.json_:
        talk.write_json({"id": key_id, "revoked": True})


@centre.command(
    "add",
    cls=ClientCommand,
    epilog="Example: suan operator centre add org_01JB3… wuhu-1 --zone wuhu --key-file agent.key",
)
def add_centre(
    ctx: typer.Context,
    organisation_id: Organisation,
    name: Name,
    *,
    zone: Annotated[str, typer.Option("--zone", help="One of the ten zones, or a city.")],
    key_file: KeyFile = None,
) -> None:
    """Let an organisation's centre in, and make its agent's key."""
    talk: Talk = ctx.obj
    with _kept(talk, key_file) as keep:
        made = talk.grid.operator.add_centre(organisation_id, name, zone=zone)
        shown = keep([made.key])
    _tell(talk, made.raw, [made.centre.id], shown)
    command = f"suan agent join --server URL --key-file {key_file or 'FILE'} --config centre.toml"
    talk.tell(talk.say("Next: {command}", command=command))


@centre.command(cls=ClientCommand)
def drain(ctx: typer.Context, centre_id: CentreId) -> None:
    """Give a centre no new work; what runs there goes on."""
    talk: Talk = ctx.obj
    found = talk.grid.operator.drain_centre(centre_id)
    talk.show(found, lambda: f"{found.id}  {found.state}")


@centre.command(cls=ClientCommand)
def reopen(ctx: typer.Context, centre_id: CentreId) -> None:
    """Send a draining centre work again."""
    talk: Talk = ctx.obj
    found = talk.grid.operator.reopen_centre(centre_id)
    talk.show(found, lambda: f"{found.id}  {found.state}")


@app.command(
    "top-up",
    cls=ClientCommand,
    epilog="Example: suan operator top-up org_01JB3… 1000.00 --reference BANK-2026-1124-7",
)
def top_up(
    ctx: typer.Context,
    organisation_id: Organisation,
    amount: Annotated[str, typer.Argument(metavar="YUAN", show_default=False)],
    *,
    reference: Annotated[
        str, typer.Option("--reference", help="The bank's; booked once, however often it is said.")
    ],
) -> None:
    """Book a payment that has arrived at the bank."""
    # Late, as above.
    from suanwang.client.screen.figures import exact_money  # noqa: PLC0415

    talk: Talk = ctx.obj
    made = talk.grid.operator.top_up(organisation_id, amount, reference=reference)
    if talk.quiet:
        talk.write(made.transfer_id)
        return
    talk.show(made, lambda: f"{made.transfer_id}  {exact_money(made.amount, made.currency)}")


@app.command(
    cls=ClientCommand,
    epilog="Example: suan operator credit org_01JB3… 5000.00",
)
def credit(
    ctx: typer.Context,
    organisation_id: Organisation,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", show_default=False)],
    *,
    currency: Annotated[str, typer.Option("--currency", help="The account's asset.")] = "CNY",
    account: Annotated[
        str, typer.Option("--account", help="available, or issued for what it may issue.")
    ] = "available",
) -> None:
    """Let an organisation's account go so far below zero; 0: not at all."""
    # Late, as above.
    from suanwang.client.screen.figures import exact_money  # noqa: PLC0415

    talk: Talk = ctx.obj
    made = talk.grid.operator.set_credit_limit(
        organisation_id, amount, currency=currency, account=account
    )
    limit = exact_money(made.credit_limit or Decimal(0), made.currency)
    talk.show(made, lambda: f"{made.id}  {made.name}  {limit}")


@app.command(cls=ClientCommand)
def settle(ctx: typer.Context) -> None:
    """Pay providers for every bill until now, without waiting for the day's end."""
    talk: Talk = ctx.obj
    done = talk.grid.operator.settle()
    talk.show(done, lambda: talk.say("Bills settled: {count}", count=done.settled))


@app.command(cls=ClientCommand)
def days(ctx: typer.Context) -> None:
    """List market days, newest first: their state, and when their next steps are due."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.settlement import day_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.settlement.days()
    talk.show_all(found, lambda items: day_list(items, talk.say), id_key="day")


@app.command(cls=ClientCommand)
def records(ctx: typer.Context) -> None:
    """List what operators did, oldest first."""
    # Late, as above.
    from suanwang.client.screen.operator import record_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.operator.records()
    talk.show_all(found, lambda items: record_list(items, talk.say), id_key="seq")


def _tell(talk: Talk, document: object, ids: Sequence[str], shown: Sequence[str]) -> None:
    """Give what was made as a result: its ids, and its keys unless a file has them."""
    if talk.json_:
        talk.write_json(document)
    else:
        for line in ids if talk.quiet else [*ids, *shown]:
            talk.write(line)


@contextmanager
def _kept(talk: Talk, key_file: str | None) -> Iterator[Callable[[Sequence[Key]], list[str]]]:
    """Yield what takes new keys: into `key_file`, or as lines to show."""
    if key_file is None:

        def show(made: Sequence[Key]) -> list[str]:
            if made:
                talk.tell(talk.say("Keep the key now: it is shown this once."))
            return [str(key.key) for key in made]

        yield show
        return
    path = Path(key_file)
    with files.named_trouble(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    written = False

    def keep(made: Sequence[Key]) -> list[str]:
        nonlocal written
        written = True
        os.write(descriptor, "".join(f"{key.key}\n" for key in made).encode())
        talk.tell(talk.say("The key is in {path}.", path=path))
        return []

    try:
        yield keep
    finally:
        os.close(descriptor)
        if not written:
            path.unlink(missing_ok=True)
