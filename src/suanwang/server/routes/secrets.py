"""Secrets: brought here by name, named by jobs, handed only to the centre that runs one of them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from suanwang.flows.act import Role
from suanwang.flows.keep_secret import keep_secret, remove_secret
from suanwang.jobs.fields import secret_name
from suanwang.server.errors import BodyTooLarge, SecretUnreadable
from suanwang.server.http.call import Call, Signed
from suanwang.server.http.routing import a_router
from suanwang.server.routes.paging import Whose
from suanwang.server.wire.identity import SecretOut, SecretsOut, secret_out
from suanwang.store import secrets
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["secrets"])
# An environment variable of Linux holds 128 KiB; half of that leaves room for its name and others.
VALUE_BYTES_MAX = 64 * 1024
TEXT = {"content": {"text/plain": {"schema": {"type": "string", "maxLength": VALUE_BYTES_MAX}}}}
BODY: dict[str, Any] = {"requestBody": {"required": True, **TEXT}}


@router.put(
    "/secrets/{name:path}", response_model=SecretOut, summary="Keep a secret.", openapi_extra=BODY
)
async def put_secret(call: Signed, name: str) -> Response:
    """Keep the body (text of at most 64 KiB) under a name, in the place of an earlier value."""
    call.must_be(Role.BUYER, Role.BROKER)
    owner, name = call.actor.organisation_id, secret_name(name)
    sealed = call.parts.secret_box.seal(await _value(call), owner=owner, name=name)
    act = call.parts.act(call.actor)
    # Not as `call.act` does: that keeps a digest of the body, by which a short value is guessed.
    kept = await call.parts.store.run(lambda tx: keep_secret(tx, sealed, act=act))
    return call.answer(secret_out(kept))


@router.get("/secrets", response_model=SecretsOut, summary="List secrets.")
async def list_secrets(call: Signed, organisation_id: Whose = None) -> Response:
    """List the organisation's secrets by name; no answer ever holds a value."""
    owner = call.whose(organisation_id)

    def read(tx: Tx) -> SecretsOut:
        found = secrets.secrets_of(tx, owner)
        return {"items": [secret_out(each) for each in found], "next_cursor": None}

    return await call.show(read)


@router.delete("/secrets/{name:path}", status_code=204, summary="Remove a secret.")
async def delete_secret(call: Signed, name: str) -> Response:
    """Forget a secret. Jobs that name it and have not started will fail."""
    act, known_as = call.parts.act(call.actor), secret_name(name)
    await call.parts.store.run(lambda tx: remove_secret(tx, known_as, act=act))
    return Response(status_code=204)


async def _value(call: Call) -> str:
    """Read the body. Raises BodyTooLarge, SecretUnreadable."""
    data = bytearray()
    async for piece in call.request.stream():
        data += piece
        if len(data) > VALUE_BYTES_MAX:
            raise BodyTooLarge(reason="too large", limit=VALUE_BYTES_MAX)
    try:
        value = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretUnreadable(reason="not UTF-8") from None
    if not value or "\0" in value:
        raise SecretUnreadable(reason="empty or with NUL")
    return value
