"""`suan operator organisation verify|refuse|suspend|reinstate|close`: where a member stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suanwang.client import files
from suanwang.client.command import ClientCommand
from suanwang.client.commands.operator import Organisation, noun
from suanwang.client.errors import Declined
from suanwang.client.talk import Talk

app = noun("Where a member stands.")
Reason = Annotated[str, typer.Option("--reason", help="Why; kept as evidence.")]


@app.command(
    "verify",
    cls=ClientCommand,
    epilog=(
        "Example: suan operator organisation verify org_01JB3… --code 91330100799655058B"
        " --representative 'Lin Yue' --document licence.pdf"
    ),
)
def verify(
    ctx: typer.Context,
    organisation_id: Organisation,
    *,
    code: Annotated[str, typer.Option("--code", help="Unified social credit code.")],
    representative: Annotated[str, typer.Option("--representative", help="Legal representative.")],
    document: Annotated[
        list[str],
        typer.Option(
            "--document", metavar="FILE", help="What was seen; only its name and SHA-256 are sent."
        ),
    ],
) -> None:
    """Let a member that has applied move money."""
    talk: Talk = ctx.obj
    documents: dict[str, str] = {}
    for each in document:
        path = Path(each)
        with files.named_trouble(path):
            documents[path.name], _ = files.digest(path)
    found = talk.grid.operator.verify_organisation(
        organisation_id,
        registration_number=code,
        legal_representative=representative,
        documents=documents,
    )
    talk.show(found, lambda: f"{found.id}  {found.state}")


@app.command("refuse", cls=ClientCommand)
def refuse(ctx: typer.Context, organisation_id: Organisation, *, reason: Reason) -> None:
    """Refuse a member that has applied."""
    talk: Talk = ctx.obj
    found = talk.grid.operator.refuse_organisation(organisation_id, reason=reason)
    talk.show(found, lambda: f"{found.id}  {found.state}")


@app.command("suspend", cls=ClientCommand)
def suspend(ctx: typer.Context, organisation_id: Organisation, *, reason: Reason) -> None:
    """Let a member spend nothing new; what is held is still billed, what it earns arrives."""
    talk: Talk = ctx.obj
    found = talk.grid.operator.suspend_organisation(organisation_id, reason=reason)
    talk.show(found, lambda: f"{found.id}  {found.state}")


@app.command("reinstate", cls=ClientCommand)
def reinstate(ctx: typer.Context, organisation_id: Organisation, *, reason: Reason) -> None:
    """Let a suspended member spend again."""
    talk: Talk = ctx.obj
    found = talk.grid.operator.reinstate_organisation(organisation_id, reason=reason)
    talk.show(found, lambda: f"{found.id}  {found.state}")


@app.command("close", cls=ClientCommand)
def close(
    ctx: typer.Context,
    organisation_id: Organisation,
    *,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Close a member whose accounts are empty, for ever."""
    talk: Talk = ctx.obj
    if not yes and not talk.ask(talk.say("Close {id} for ever?", id=organisation_id)):
        raise Declined
    found = talk.grid.operator.close_organisation(organisation_id, reason=reason)
    talk.show(found, lambda: f"{found.id}  {found.state}")
