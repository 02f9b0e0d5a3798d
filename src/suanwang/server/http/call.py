"""One signed request: who asks, in which language, and how its work is run and answered.

    call = Depends(signed)
    return await call.show(lambda tx: …)                a read, on one snapshot
    return await call.act(lambda tx, act: …)            a write, durable when answered

A write with an Idempotency-Key keeps its answer in the transaction of the work, so that the same
request sent twice has one effect and one answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from starlette.responses import Response

from suanwang.basics.errors import NotAllowed, NotFound, Refused
from suanwang.basics.ids import OrganisationId
from suanwang.flows.act import Act, Actor, Role
from suanwang.server.errors import IdempotencyKeyUnreadable
from suanwang.server.http.problems import PROBLEM_TYPE, problem_body
from suanwang.server.parts import Parts
from suanwang.server.wire.texts import encode
from suanwang.store import idempotency, identity
from suanwang.store.errors import IdempotencyKeyReused, RequestUnderWay
from suanwang.store.idempotency import Answer
from suanwang.store.idempotency import Request as Asked
from suanwang.store.identity import Organisation
from suanwang.store.tx import Tx

JSON_TYPE = "application/json"
NDJSON_TYPE = "application/x-ndjson"
IDEMPOTENCY_CHARS_MAX = 255
EVERYBODY = ""  # no key's id: whoever asks without one
# Refusals that say something about this moment, not about the request.
_NOT_KEPT = (IdempotencyKeyReused, RequestUnderWay)
_KEPT = frozenset({404, 409, 422})
Work = Callable[[Tx, Act], Any]
Done = bytes | Refused | Answer


@dataclass(slots=True)
class Call:
    """A request whose key is good."""

    parts: Parts
    request: Request
    actor: Actor
    lang: str

    @property
    def sees(self) -> OrganisationId | None:
        """Return whose things are visible: one organisation's, or (None) everybody's."""
        return None if self.actor.sees_all else self.actor.organisation_id

    def must_be(self, *roles: Role) -> None:
        """Refuse a key that has none of these roles."""
        if self.actor.role not in roles:
            raise NotAllowed(needed=" or ".join(roles), found=self.actor.role)

    def may_write(self) -> None:
        """Refuse a key that only looks (an auditor's), or that has its own calls (an agent's)."""
        self.must_be(*(role for role in Role if role not in (Role.AUDITOR, Role.AGENT)))

    def whose(self, asked: str | None) -> OrganisationId:
        """Say whose things are shown: those who see all may ask for another organisation's."""
        if asked is not None and self.actor.sees_all:
            return OrganisationId(asked)
        return self.actor.organisation_id

    def organisation(self, tx: Tx, organisation_id: str) -> Organisation:
        """Return the organisation in the address; one that the key may not see is NotFound."""
        if not self.actor.sees_all and organisation_id != self.actor.organisation_id:
            raise NotFound(kind="organisation", id=organisation_id)
        return identity.organisation(tx, organisation_id)

    def answer(self, document: Any, *, status: int = 200) -> Response:  # noqa: ANN401 - any JSON
        """Answer with a document."""
        return Response(encode(document), status_code=status, media_type=JSON_TYPE)

    async def show(self, read: Callable[[Tx], Any], *, status: int = 200) -> Response:
        """Answer with what `read` returns."""
        body = await self.parts.store.read(lambda tx: encode(read(tx)))
        return Response(body, status_code=status, media_type=JSON_TYPE)

    async def act(
        self,
        work: Work,
        *,
        status: int = 200,
        ring: tuple[str, ...] = (),
        kept: Callable[[Any], Any] | None = None,
    ) -> Response:
        """Do `work` in one transaction and answer with what it returns, once that is durable.

        A refusal that `work` raises undoes what it wrote; one that it returns leaves it written.
        `ring` wakes loops afterwards. `kept` changes what a repetition is answered, where the first
        answer holds a secret.
        """
        act = self.parts.act(self.actor)
        asked = await self._asked()
        if asked is None:
            done: Done = await self.parts.store.run(lambda tx: _do(tx, work, act))
        else:
            done = await self._once(asked, work, act, status=status, kept=kept)
        if isinstance(done, Answer):
            return replayed(done)
        self.parts.hints.ring("publish", *ring)
        if isinstance(done, Refused):
            raise done
        return Response(done, status_code=status, media_type=JSON_TYPE)

    async def _once(
        self,
        asked: Asked,
        work: Work,
        act: Act,
        *,
        status: int,
        kept: Callable[[Any], Any] | None,
    ) -> Done:
        """Do the work unless it was done before; then return the answer it had."""

        def unit(tx: Tx) -> Done:
            before = idempotency.begin(tx, asked, at=act.now)
            if before is not None:
                return before
            document = work(tx, act)
            if isinstance(document, Refused):
                idempotency.finish(tx, asked, self._refusal(document))
                return document
            body = encode(document)
            keep = body if kept is None else encode(kept(document))
            idempotency.finish(tx, asked, Answer(status=status, body=keep, content_type=JSON_TYPE))
            return body

        mark = (asked.key_id, asked.idempotency_key)
        if mark in self.parts.under_way:
            raise RequestUnderWay(id=asked.idempotency_key)
        self.parts.under_way.add(mark)
        try:
            return await self.parts.store.run(unit)
        except Refused as error:
            await self._keep_refusal(asked, act, error)
            raise
        finally:
            self.parts.under_way.discard(mark)

    async def _keep_refusal(self, asked: Asked, act: Act, error: Refused) -> None:
        """Remember that the work was refused, so that a repetition hears the same."""
        if error.status not in _KEPT or isinstance(error, _NOT_KEPT):
            return
        answer = self._refusal(error)

        def keep(tx: Tx) -> None:
            if idempotency.begin(tx, asked, at=act.now) is None:
                idempotency.finish(tx, asked, answer)

        await self.parts.store.run(keep)

    def _refusal(self, error: Refused) -> Answer:
        path, trace_id = self.request.url.path, self.request.state.trace_id
        document = problem_body(error, lang=self.lang, instance=path, trace_id=trace_id)
        return Answer(status=error.status, body=encode(document), content_type=PROBLEM_TYPE)

    async def _asked(self) -> Asked | None:
        """Return what makes this request the same as another, if it has an Idempotency-Key."""
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return None
        good = 0 < len(key) <= IDEMPOTENCY_CHARS_MAX and key.isascii() and key.isprintable()
        if not good:
            raise IdempotencyKeyUnreadable(reason="unreadable", limit=IDEMPOTENCY_CHARS_MAX)
        url = self.request.url
        digest = hashlib.sha256(f"{self.request.method} {url.path}?{url.query}\n".encode())
        digest.update(await self.request.body())
        return Asked(key_id=self.actor.key_id, idempotency_key=key, fingerprint=digest.hexdigest())


def _do(tx: Tx, work: Work, act: Act) -> Done:
    document = work(tx, act)
    return document if isinstance(document, Refused) else encode(document)


def replayed(answer: Answer) -> Response:
    """Send an answer again as it was."""
    return Response(
        bytes(answer.body),
        status_code=answer.status,
        media_type=answer.content_type,
        headers={"Idempotency-Replayed": "true"},
    )


def parts_of(request: Request) -> Parts:
    """Return the server's parts."""
    return cast("Parts", request.app.state.parts)


async def unsigned(request: Request) -> Parts:
    """Return the server's parts for a request that needs no key; all of these share one rate."""
    parts = parts_of(request)
    parts.take_rate(EVERYBODY)
    return parts


async def signed(request: Request) -> Call:
    """Check the key of a request, and how fast it asks."""
    parts = parts_of(request)
    actor = await parts.keys.actor(request.headers.get("authorization", ""))
    parts.take_rate(actor.key_id)
    return Call(parts, request, actor, request.state.lang)


async def signed_agent(request: Request) -> Call:
    """Check that the key is a centre's agent's."""
    call = await signed(request)
    call.must_be(Role.AGENT)
    return call


async def signed_operator(request: Request) -> Call:
    """Check that the key is an operator's."""
    call = await signed(request)
    call.must_be(Role.OPERATOR)
    return call


Unsigned = Annotated[Parts, Depends(unsigned)]
Signed = Annotated[Call, Depends(signed)]
SignedAgent = Annotated[Call, Depends(signed_agent)]
SignedOperator = Annotated[Call, Depends(signed_operator)]
