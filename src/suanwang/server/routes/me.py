"""Who the key is."""

from __future__ import annotations

from starlette.responses import Response
from typing_extensions import TypedDict

from suanwang.server.http.call import Signed
from suanwang.server.http.routing import a_router
from suanwang.store import identity
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["identity"])


class MeOut(TypedDict):
    """The key that asks, whose it is, and what it may do."""

    key_id: str
    role: str
    organisation_id: str
    organisation: str
    organisation_kind: str
    project_id: str | None
    member_id: str | None
    centre_id: str | None
    exchange: str


@router.get("/me", response_model=MeOut, summary="Show who the key is.")
async def me(call: Signed) -> Response:
    """Show the key's organisation and role."""
    actor = call.actor

    def read(tx: Tx) -> MeOut:
        organisation = identity.organisation(tx, actor.organisation_id)
        return {
            "key_id": actor.key_id,
            "role": actor.role.value,
            "organisation_id": actor.organisation_id,
            "organisation": organisation.name,
            "organisation_kind": organisation.kind.value,
            "project_id": actor.project_id,
            "member_id": actor.member_id,
            "centre_id": actor.centre_id,
            "exchange": call.parts.settings.name,
        }

    return await call.show(read)
