"""Centres and what they offer. Everybody signed in may look; only an operator lets one in."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from suanwang.basics.ids import OrganisationId
from suanwang.basics.slots import to_micros
from suanwang.flows.act import Act
from suanwang.flows.register_centre import (
    NewCentre,
    drain_centre,
    register_centre,
    reopen_centre,
)
from suanwang.flows.show import list_centres, list_offers, show_centre
from suanwang.server.http.call import Signed, SignedOperator
from suanwang.server.http.cursors import PAGE_DEFAULT, PAGE_MAX, read_cursor, write_cursor
from suanwang.server.http.routing import a_router
from suanwang.server.offers import QUERY_MAX, matches, read_query
from suanwang.server.routes.paging import CursorText, Limit
from suanwang.server.secrets import new_key_secret
from suanwang.server.wire.centres import (
    CentreOut,
    CentresOut,
    OffersOut,
    RegisteredOut,
    centre_out,
    offer_out,
)
from suanwang.server.wire.identity import new_key_out
from suanwang.server.wire.texts import always
from suanwang.store.identity import hash_secret
from suanwang.store.tx import Tx

router = a_router(prefix="/v1", tags=["centres"])
ID_MAX = 40
FACTS = (
    "name", "zone", "city", "province", "pue", "capabilities", "data_price_gb",
    "cold_price_gb_month", "bandwidth_mbps", "latitude", "longitude",
)  # fmt: skip
Short = Annotated[str, Field(min_length=1, max_length=100)]
Figure = str | int | float | None


class NewCentreIn(BaseModel):
    """A centre to let in: whose it is, what it is called, where it lies."""

    model_config = ConfigDict(extra="forbid")
    organisation_id: Annotated[str, Field(max_length=ID_MAX)]
    name: Annotated[str, Field(min_length=1, max_length=63)]
    zone: Short
    city: Short | None = None
    province: Short | None = None
    pue: Figure = None
    capabilities: Annotated[list[Short], Field(max_length=200)] | None = None
    data_price_gb: Figure = None
    cold_price_gb_month: Figure = None
    bandwidth_mbps: Figure = None
    latitude: Figure = None
    longitude: Figure = None

    def facts(self) -> dict[str, Any]:
        """Return what was said of the centre."""
        said = self.model_dump(include=set(FACTS))
        return {name: value for name, value in said.items() if value is not None}


@router.get("/centres", response_model=CentresOut, summary="List centres.")
async def get_centres(
    call: Signed, limit: Limit = PAGE_DEFAULT, cursor: CursorText = None
) -> Response:
    """List centres with their pools, oldest first."""
    now, timing = call.parts.clock(), call.parts.timing
    start = read_cursor(cursor, int, str)
    after = (int(start[0]), str(start[1])) if start else (-1, "")

    def read(tx: Tx) -> CentresOut:
        found = list_centres(tx, now=now, timing=timing, after=after, limit=limit + 1)
        shown, more = found[:limit], len(found) > limit
        last = shown[-1].centre if more else None
        return {
            "items": [centre_out(each, now=now) for each in shown],
            "next_cursor": write_cursor([to_micros(last.created_at), last.id]) if last else None,
        }

    return await call.show(read)


@router.get("/centres/{centre_id}", response_model=CentreOut, summary="Show a centre.")
async def get_centre(call: Signed, centre_id: str) -> Response:
    """Show one centre with its pools."""
    now, timing = call.parts.clock(), call.parts.timing
    return await call.show(
        lambda tx: centre_out(show_centre(tx, centre_id, now=now, timing=timing), now=now)
    )


@router.get("/offers", response_model=OffersOut, summary="List what is for sale.")
async def get_offers(
    call: Signed,
    q: Annotated[str, Query(max_length=QUERY_MAX, description="class=… price<9 free>=4")] = "",
    limit: Limit = PAGE_MAX,
) -> Response:
    """List the pools of centres that are there, cheapest first, filtered by a query."""
    now, timing = call.parts.clock(), call.parts.timing
    tests = read_query(q)

    def read(tx: Tx) -> OffersOut:
        found = [offer_out(each, now=now) for each in list_offers(tx, now=now, timing=timing)]
        wanted = [each for each in found if matches(each, tests)]
        wanted.sort(key=lambda each: (Decimal(each["price"]), each["pool_id"]))
        return {"items": wanted[:limit], "next_cursor": None}

    return await call.show(read)


@router.post("/centres", status_code=201, response_model=RegisteredOut, summary="Let a centre in.")
async def add_centre(call: SignedOperator, body: NewCentreIn) -> Response:
    """Register a centre and make its agent's key, which is shown once."""
    secret = new_key_secret()
    now, timing = call.parts.clock(), call.parts.timing

    def work(tx: Tx, act: Act) -> RegisteredOut:
        new = NewCentre(
            organisation_id=OrganisationId(body.organisation_id),
            facts=body.facts(),
            secret_hash=hash_secret(secret),
        )
        made = register_centre(tx, new, act=act)
        view = show_centre(tx, made.centre.id, now=now, timing=timing)
        key = new_key_out(made.key, secret, at=always(act.now))
        return {"centre": centre_out(view, now=now), "key": key}

    return await call.act(
        work, status=201, kept=lambda made: {**made, "key": {**made["key"], "key": None}}
    )


@router.post(
    "/centres/{centre_id}/drain", status_code=202, response_model=CentreOut, summary="Drain."
)
async def drain(call: SignedOperator, centre_id: str) -> Response:
    """Send a centre nothing new: it finishes what it has, the rest goes elsewhere."""
    now, timing = call.parts.clock(), call.parts.timing

    def work(tx: Tx, act: Act) -> CentreOut:
        drain_centre(tx, centre_id, act=act)
        return centre_out(show_centre(tx, centre_id, now=now, timing=timing), now=now)

    return await call.act(work, status=202, ring=("place",))


@router.post(
    "/centres/{centre_id}/reopen", status_code=202, response_model=CentreOut, summary="Reopen."
)
async def reopen(call: SignedOperator, centre_id: str) -> Response:
    """Send a draining centre work again."""
    now, timing = call.parts.clock(), call.parts.timing

    def work(tx: Tx, act: Act) -> CentreOut:
        reopen_centre(tx, centre_id, act=act)
        return centre_out(show_centre(tx, centre_id, now=now, timing=timing), now=now)

    return await call.act(work, status=202, ring=("quote", "clear", "place"))
