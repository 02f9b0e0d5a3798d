"""`suan operator project add|list` and `suan operator member add|list|remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from suanwang.client.command import ClientCommand
from suanwang.client.commands.operator import Name, Organisation, noun
from suanwang.client.errors import Declined
from suanwang.client.talk import Talk

projects = noun("Projects of an organisation; its own keys may list them.")
members = noun("Members of an organisation; its own keys may list them.")


@projects.command(
    "add", cls=ClientCommand, epilog="Example: suan operator project add org_01JB3… film"
)
def add_project(ctx: typer.Context, organisation_id: Organisation, name: Name) -> None:
    """Give an organisation a project, which keys may name."""
    talk: Talk = ctx.obj
    made = talk.grid.operator.add_project(organisation_id, name)
    talk.show(made, lambda: made.id)


@projects.command("list", cls=ClientCommand)
def list_projects(ctx: typer.Context, organisation_id: Organisation) -> None:
    """List an organisation's projects."""
    # Late: drawing takes 0.1 s to load, which --help must not pay.
    from suanwang.client.screen.operator import project_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.operator.projects(organisation_id)
    talk.show_all(found, lambda items: project_list(items, talk.say))


@members.command(
    "add", cls=ClientCommand, epilog="Example: suan operator member add org_01JB3… 'Lin Yue'"
)
def add_member(ctx: typer.Context, organisation_id: Organisation, name: Name) -> None:
    """Give an organisation a member, who then can be given keys."""
    talk: Talk = ctx.obj
    made = talk.grid.operator.add_member(organisation_id, name)
    talk.show(made, lambda: made.id)
    command = f"suan operator key add {organisation_id} --role buyer --member {made.id}"
    talk.tell(talk.say("Next: {command}", command=command))


@members.command("list", cls=ClientCommand)
def list_members(ctx: typer.Context, organisation_id: Organisation) -> None:
    """List an organisation's members with the roles of their keys, removed members too."""
    # Late, as above.
    from suanwang.client.screen.operator import member_list  # noqa: PLC0415

    talk: Talk = ctx.obj
    found = talk.grid.operator.members(organisation_id)
    talk.show_all(found, lambda items: member_list(items, talk.say))


@members.command(cls=ClientCommand)
def remove(
    ctx: typer.Context,
    organisation_id: Organisation,
    member_id: Annotated[str, typer.Argument(metavar="MEMBER", show_default=False)],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a member and revoke their keys; their jobs go on."""
    talk: Talk = ctx.obj
    if not yes and not talk.ask(talk.say("Remove {id} and revoke their keys?", id=member_id)):
        raise Declined
    talk.grid.operator.remove_member(organisation_id, member_id)
    talk.tell(talk.say("{id} opens nothing any more.", id=member_id))
    if talk.json_:
        talk.write_json({"id": member_id, "removed": True})
