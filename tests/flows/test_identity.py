from __future__ import annotations

import pytest
from tests.builders import Ids, a_member, an_act, an_exchange

from suanwang.basics.errors import NotAllowed, NotFound
from suanwang.basics.ids import CentreId, KeyId, OrganisationId
from suanwang.flows.act import Role
from suanwang.flows.identity_errors import ExchangeOpenAlready, KeyUnbound
from suanwang.flows.issue_key import NewKey, issue_key
from suanwang.flows.open_organisation import NewOrganisation, open_organisation
from suanwang.flows.revoke_key import revoke_key
from suanwang.store import identity, ledger, outbox, records
from suanwang.store.errors import KeyRevoked
from suanwang.store.identity import hash_secret


def names_of_accounts(store, organisation_id):
    accounts = store.read_now(lambda tx: ledger.accounts_of(tx, organisation_id))
    return {a.name: a.floor_units for a in accounts}


def test_a_member_gets_its_accounts_its_project_and_its_keys(store):
    ids = Ids()
    opened = store.run_now(lambda tx: a_member(tx, ids, roles=(Role.BUYER, Role.PROVIDER)))
    org = opened.organisation.id
    assert names_of_accounts(store, org) == {"available": 0, "receivable": 0, "margin": 0}
    assert [k.role for k in opened.keys] == ["buyer", "provider"]
    assert len({k.project_id for k in opened.keys}) == 1
    found = store.read_now(
        lambda tx: identity.actor_by_key_hash(tx, opened.keys[1].key_id, hash_secret("provider"))
    )
    assert found == opened.keys[1]


def test_the_exchange_also_has_fees_tax_and_a_bank_without_floor(store):
    opened = store.run_now(lambda tx: an_exchange(tx, Ids()))
    accounts = names_of_accounts(store, opened.organisation.id)
    assert accounts == {
        "available": 0,
        "receivable": 0,
        "margin": 0,
        "fees": 0,
        "tax": 0,
        "bank": None,
        "suspense": 0,
    }


def test_there_is_one_exchange(store):
    ids = Ids()
    store.run_now(lambda tx: an_exchange(tx, ids))
    with pytest.raises(ExchangeOpenAlready):
        store.run_now(lambda tx: an_exchange(tx, ids))


def test_only_operators_open_organisations_and_each_time_is_recorded(store):
    ids = Ids()
    exchange = store.run_now(lambda tx: an_exchange(tx, ids))
    member = store.run_now(lambda tx: a_member(tx, ids))
    new = NewOrganisation(name="Yunlan Render")
    with pytest.raises(NotAllowed):
        store.run_now(lambda tx: open_organisation(tx, new, act=an_act(ids, key=member.keys[0])))
    store.run_now(lambda tx: open_organisation(tx, new, act=an_act(ids, key=exchange.keys[0])))
    newest = store.read_now(records.records_before)[0]
    assert newest.action == "open-organisation"
    assert newest.body["name"] == "Yunlan Render"
    assert newest.key_id == exchange.keys[0].key_id


@pytest.mark.parametrize(
    ("role", "centre_id"), [(Role.AGENT, None), (Role.BUYER, CentreId("ctr_x"))]
)
def test_an_agents_key_is_bound_to_a_centre_and_no_other_is(store, role, centre_id):
    ids = Ids()
    member = store.run_now(lambda tx: a_member(tx, ids))
    new = NewKey(role=role, secret_hash=hash_secret("s"), centre_id=centre_id)
    with pytest.raises(KeyUnbound):
        store.run_now(lambda tx: issue_key(tx, member.organisation.id, new, act=an_act(ids)))


def test_a_key_for_another_project_makes_the_project_once(store):
    ids = Ids()
    member = store.run_now(lambda tx: a_member(tx, ids))
    new = NewKey(role=Role.BUYER, secret_hash=hash_secret("s"), project="film")
    org = member.organisation.id
    first, second = store.run_now(
        lambda tx: [issue_key(tx, org, new, act=an_act(ids)) for _ in range(2)]
    )
    assert first.project_id == second.project_id != member.keys[0].project_id


def test_no_key_for_an_organisation_that_is_not_there(store):
    ids = Ids()
    new = NewKey(role=Role.BUYER, secret_hash=hash_secret("s"))
    with pytest.raises(NotFound):
        store.run_now(lambda tx: issue_key(tx, OrganisationId("org_x"), new, act=an_act(ids)))


def test_a_revoked_key_is_refused_and_told_of_once(store):
    ids = Ids()
    member = store.run_now(lambda tx: a_member(tx, ids))
    key = member.keys[0]
    for _ in range(2):
        store.run_now(lambda tx: revoke_key(tx, key.key_id, act=an_act(ids)))
    with pytest.raises(KeyRevoked):
        store.read_now(lambda tx: identity.actor_by_key_hash(tx, key.key_id, hash_secret("buyer")))
    store.run_now(outbox.assign_sequence)
    events = store.read_now(lambda tx: outbox.events_after(tx, 0, organisation_id=None))
    assert [e.kind for e in events] == ["organisation.opened", "key.issued", "key.revoked"]


def test_an_unknown_key_cannot_be_revoked(store):
    with pytest.raises(NotFound):
        store.run_now(lambda tx: revoke_key(tx, KeyId("key_x"), act=an_act()))
