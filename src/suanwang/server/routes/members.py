"""An organisation's projects and members; operators add and remove them, its own keys may look."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from suanwang.basics.ids import OrganisationId
from suanwang.flows.act import Act
from suanwang.flows.add_member import add_member
from suanwang.flows.add_project import add_project
from suanwang.flows.remove_member import remove_member
from suanwang.server.http.call import Signed, SignedOperator
from suanwang.server.http.cursors import PAGE_DEFAULT, read_cursor, write_cursor
from suanwang.server.http.routing import a_router
from suanwang.server.routes.organisations import Name
from suanwang.server.routes.paging import CursorText, Limit
from suanwang.server.wire.identity import (
    MemberOut,
    MembersOut,
    ProjectOut,
    ProjectsOut,
    member_out,
    project_out,
)
from suanwang.store import identity
from suanwang.store.tx import Tx

router = a_router(prefix="/v1/organisations/{organisation_id}", tags=["organisations"])


class NewProjectIn(BaseModel):
    """A project to add."""

    model_config = ConfigDict(extra="forbid")
    name: Name


class NewMemberIn(BaseModel):
    """A member to add."""

    model_config = ConfigDict(extra="forbid")
    name: Name


@router.post("/projects", status_code=201, response_model=ProjectOut, summary="Add a project.")
async def add_a_project(call: SignedOperator, organisation_id: str, body: NewProjectIn) -> Response:
    """Give an organisation a project, which keys may name; jobs carry their key's project."""

    def work(tx: Tx, act: Act) -> ProjectOut:
        return project_out(add_project(tx, OrganisationId(organisation_id), body.name, act=act))

    return await call.act(work, status=201)


@router.get("/projects", response_model=ProjectsOut, summary="List projects.")
async def list_projects(
    call: Signed, organisation_id: str, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List an organisation's projects, oldest first."""
    after = _after(cursor)

    def read(tx: Tx) -> ProjectsOut:
        owner = call.organisation(tx, organisation_id)
        found = identity.projects_of(tx, owner.id, after=after, limit=limit + 1)
        page = found[:limit]
        more = write_cursor([page[-1].id]) if len(found) > limit else None
        return {"items": [project_out(each) for each in page], "next_cursor": more}

    return await call.show(read)


@router.post("/members", status_code=201, response_model=MemberOut, summary="Add a member.")
async def add_a_member(call: SignedOperator, organisation_id: str, body: NewMemberIn) -> Response:
    """Give an organisation a member. What they may do is what the keys made for them may do."""

    def work(tx: Tx, act: Act) -> MemberOut:
        return member_out(add_member(tx, OrganisationId(organisation_id), body.name, act=act))

    return await call.act(work, status=201)


@router.get("/members", response_model=MembersOut, summary="List members.")
async def list_members(
    call: Signed, organisation_id: str, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List an organisation's members with the roles of their good keys, oldest first."""
    after = _after(cursor)

    def read(tx: Tx) -> MembersOut:
        owner = call.organisation(tx, organisation_id)
        found = identity.members_of(tx, owner.id, after=after, limit=limit + 1)
        page = found[:limit]
        roles = identity.roles_of_members(tx, page)
        more = write_cursor([page[-1].id]) if len(found) > limit else None
        items = [member_out(each, roles.get(each.id, ())) for each in page]
        return {"items": items, "next_cursor": more}

    return await call.show(read)


@router.delete("/members/{member_id}", status_code=204, summary="Remove a member.")
async def remove_a_member(call: SignedOperator, organisation_id: str, member_id: str) -> Response:
    """Remove a member and revoke their keys. Their jobs go on and keep naming them."""
    act, owner = call.parts.act(call.actor), OrganisationId(organisation_id)
    revoked = await call.parts.store.run(lambda tx: remove_member(tx, owner, member_id, act=act))
    for key_id in revoked:
        call.parts.keys.forget(key_id)
    call.parts.hints.ring("publish")
    return Response(status_code=204)


def _after(cursor: str | None) -> str:
    found = read_cursor(cursor, str)
    return str(found[0]) if found else ""
