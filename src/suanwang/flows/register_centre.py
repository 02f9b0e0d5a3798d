"""Register a centre: the operator lets it in and gives its agent a key; pools come with hello."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from suanwang.basics.ids import CentreId, OrganisationId
from suanwang.flows.act import Act, Actor, Role
from suanwang.flows.errors import CentreNameTaken
from suanwang.flows.issue_key import NewKey, issue_key
from suanwang.flows.list_prices import price_centre
from suanwang.flows.record_operator_action import record_operator_action
from suanwang.grid.centre import Centre
from suanwang.store import centres, identity
from suanwang.store.centres import DRAINING, JOINED, StoredCentre
from suanwang.store.outbox import publish
from suanwang.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCentre:
    """A centre that is to be let in. `facts` are the wire of a Centre without id."""

    organisation_id: OrganisationId
    facts: Mapping[str, Any]
    secret_hash: str  # of its agent's key


@dataclass(frozen=True, slots=True)
class Registered:
    """A centre that was let in, and its agent's key."""

    centre: StoredCentre
    key: Actor


def register_centre(tx: Tx, new: NewCentre, *, act: Act) -> Registered:
    """Let a centre in. Only an operator may.

    Raises: NotAllowed; NotFound for the organisation; what `Centre.from_wire` refuses;
    CentreNameTaken.
    """
    owner = identity.organisation(tx, new.organisation_id)
    facts = Centre.from_wire(dict(new.facts), centre_id=act.new_id(CentreId))
    body = {"centre_id": facts.id, "organisation_id": owner.id, "name": facts.name}
    record_operator_action(tx, "register-centre", body, act=act)
    if centres.centre_named(tx, facts.name) is not None:
        raise CentreNameTaken(name=facts.name, kind="centre", id=facts.name)
    centre = StoredCentre(id=facts.id, organisation_id=owner.id, centre=facts, created_at=act.now)
    centre = price_centre(tx, centre, before=None, act=act)
    centres.add(tx, centre)
    publish(tx, "centre.registered", subject=facts.id, organisation_id=owner.id, body=body, act=act)
    wanted = NewKey(role=Role.AGENT, secret_hash=new.secret_hash, centre_id=facts.id)
    return Registered(centre, issue_key(tx, owner.id, wanted, act=act))


def drain_centre(tx: Tx, centre_id: str, *, act: Act) -> StoredCentre:
    """Send a centre nothing new: it finishes what it has, the rest goes elsewhere."""
    return _change_state(tx, centre_id, DRAINING, action="drain-centre", act=act)


def reopen_centre(tx: Tx, centre_id: str, *, act: Act) -> StoredCentre:
    """Send a draining centre work again."""
    return _change_state(tx, centre_id, JOINED, action="reopen-centre", act=act)


def _change_state(tx: Tx, centre_id: str, state: str, *, action: str, act: Act) -> StoredCentre:
    record_operator_action(tx, action, {"centre_id": centre_id}, act=act)
    centre = replace(centres.centre_for_update(tx, centre_id), state=state)
    centres.save(tx, centre)
    publish(
        tx,
        f"centre.{state}",
        subject=centre.id,
        organisation_id=centre.organisation_id,
        body={"centre_id": centre.id, "state": state},
        act=act,
    )
    return centre
