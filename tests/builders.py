"""Builders with good defaults for tests that need rows: a test shows only what matters."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from suanwang.basics.ids import Id, OrganisationId
from suanwang.basics.slots import Instant
from suanwang.flows.act import Act, Actor
from suanwang.store import identity

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


class Ids:
    """Makes ids by counting, so that tests replay."""

    def __init__(self, *, start: int = 1) -> None:
        self._numbers = count(start)

    def __call__(self, kind: type[Id]) -> Id:
        return kind.make(NOW, next(self._numbers).to_bytes(10, "big"))


def an_act(ids: Ids | None = None, *, now: Instant = NOW, key: Actor | None = None) -> Act:
    return Act(now, ids or Ids(), key)


def an_organisation(
    tx,
    ids: Ids,
    *,
    name: str = "Meridian Lab",
    kind: identity.OrganisationKind = identity.OrganisationKind.MEMBER,
) -> identity.Organisation:
    organisation = identity.Organisation(
        id=ids(OrganisationId), name=name, kind=kind, state="open", created_at=NOW
    )
    identity.add_organisation(tx, organisation)
    return organisation
