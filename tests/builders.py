"""Builders with good defaults for tests that need rows: a test shows only what matters."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from suanwang.basics.ids import Id, OrganisationId
from suanwang.basics.slots import Instant
from suanwang.flows.act import Act, Actor, Role
from suanwang.flows.issue_key import NewKey
from suanwang.flows.open_organisation import NewOrganisation, Opened, open_organisation
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


def a_member(tx, ids: Ids, *, name: str = "Meridian Lab", roles: tuple[Role, ...] = (Role.BUYER,)):
    """An organisation with accounts, opened by the exchange; a key's secret is its role's name."""
    return _opened(tx, ids, NewOrganisation(name=name, keys=keys_for(roles)))


def an_exchange(tx, ids: Ids):
    """The exchange itself, with an operator's key."""
    kind = identity.OrganisationKind.EXCHANGE
    return _opened(
        tx, ids, NewOrganisation(name="Exchange", kind=kind, keys=keys_for((Role.OPERATOR,)))
    )


def keys_for(roles: tuple[Role, ...]) -> tuple[NewKey, ...]:
    return tuple(NewKey(role=r, secret_hash=identity.hash_secret(r.value)) for r in roles)


def _opened(tx, ids: Ids, new: NewOrganisation) -> Opened:
    return open_organisation(tx, new, act=an_act(ids))
