"""Organisations have projects and members; keys name both, and a member's keys go with them."""

from __future__ import annotations

import pytest
from tests.builders import Ids, a_member, an_act, an_exchange
from tests.flows.builders import a_world

from suanwang.basics.errors import NotAllowed, NotFound
from suanwang.flows.act import Role
from suanwang.flows.add_member import add_member
from suanwang.flows.add_project import add_project
from suanwang.flows.identity_errors import MemberGone, ProjectNameTaken
from suanwang.flows.issue_key import NewKey, issue_key
from suanwang.flows.remove_member import remove_member
from suanwang.store import identity, outbox, records
from suanwang.store.errors import KeyRevoked
from suanwang.store.identity import hash_secret


class Firm:
    """An organisation, and an operator who looks after it."""

    def __init__(self, store):
        self.store, self.ids = store, Ids()
        self.operator = store.run_now(lambda tx: an_exchange(tx, self.ids)).keys[0]
        opened = store.run_now(lambda tx: a_member(tx, self.ids))
        self.id, self.buyer = opened.organisation.id, opened.keys[0]

    def do(self, flow, *args, key=None):
        act = an_act(self.ids, key=key or self.operator)
        return self.store.run_now(lambda tx: flow(tx, *args, act=act))

    def key_for(self, member, role=Role.BUYER, **changes):
        new = NewKey(role=role, secret_hash=hash_secret(role), member_id=member.id, **changes)
        return self.do(issue_key, self.id, new)

    def kinds(self):
        self.store.run_now(outbox.assign_sequence)
        events = self.store.read_now(lambda tx: outbox.events_after(tx, 0, organisation_id=self.id))
        return [each.kind for each in events]


@pytest.fixture
def firm(store):
    return Firm(store)


def test_a_project_is_added_once_and_keys_may_name_it(firm):
    project = firm.do(add_project, firm.id, "film")
    with pytest.raises(ProjectNameTaken, match="film"):
        firm.do(add_project, firm.id, "film")
    key = firm.do(issue_key, firm.id, NewKey(role=Role.BUYER, secret_hash="x", project="film"))
    assert key.project_id == project.id
    listed = firm.store.read_now(lambda tx: identity.projects_of(tx, firm.id))
    assert [each.name for each in listed] == ["default", "film"]


def test_two_organisations_may_each_have_a_project_of_one_name(firm):
    other = firm.store.run_now(lambda tx: a_member(tx, firm.ids, name="Other"))
    mine = firm.do(add_project, firm.id, "film")
    theirs = firm.do(add_project, other.organisation.id, "film")
    assert mine.id != theirs.id


def test_a_members_roles_are_those_of_their_good_keys(firm):
    lin, wu = firm.do(add_member, firm.id, "Lin"), firm.do(add_member, firm.id, "Wu")
    firm.key_for(lin, Role.FUNDER)
    firm.key_for(lin, Role.BUYER)
    roles = firm.store.read_now(lambda tx: identity.roles_of_members(tx, [lin, wu]))
    assert {**roles} == {lin.id: [Role.BUYER, Role.FUNDER]}


def test_a_removed_members_keys_are_revoked_and_nobody_elses(firm):
    lin = firm.do(add_member, firm.id, "Lin")
    first, second = firm.key_for(lin), firm.key_for(lin, Role.FUNDER)
    assert firm.do(remove_member, firm.id, lin.id) == [first.key_id, second.key_id]
    for key, role in ((first, "buyer"), (second, "funder")):
        with pytest.raises(KeyRevoked):
            firm.store.read_now(
                lambda tx, k=key, r=role: identity.actor_by_key_hash(tx, k.key_id, hash_secret(r))
            )
    firm.store.read_now(
        lambda tx: identity.actor_by_key_hash(tx, firm.buyer.key_id, hash_secret("buyer"))
    )
    [listed] = firm.store.read_now(lambda tx: identity.members_of(tx, firm.id))
    assert listed.removed_at is not None


def test_removing_a_member_again_changes_and_tells_nothing(firm):
    lin = firm.do(add_member, firm.id, "Lin")
    firm.key_for(lin)
    firm.do(remove_member, firm.id, lin.id)
    told = firm.kinds()
    assert told[-4:] == ["member.added", "key.issued", "member.removed", "key.revoked"]
    assert firm.do(remove_member, firm.id, lin.id) == []
    assert firm.kinds() == told


def test_a_member_who_was_removed_gets_no_key(firm):
    lin = firm.do(add_member, firm.id, "Lin")
    firm.do(remove_member, firm.id, lin.id)
    with pytest.raises(MemberGone, match="Lin"):
        firm.key_for(lin)


def test_another_organisations_member_is_not_there(firm):
    other = firm.store.run_now(lambda tx: a_member(tx, firm.ids, name="Other")).organisation.id
    theirs = firm.do(add_member, other, "Zhao")
    with pytest.raises(NotFound):
        firm.key_for(theirs)
    with pytest.raises(NotFound):
        firm.do(remove_member, firm.id, theirs.id)


@pytest.mark.parametrize("flow", [add_project, add_member, remove_member])
def test_only_operators_change_an_organisation_and_each_time_is_recorded(firm, flow):
    lin = firm.do(add_member, firm.id, "Lin")
    given = lin.id if flow is remove_member else "film"
    with pytest.raises(NotAllowed):
        firm.do(flow, firm.id, given, key=firm.buyer)
    firm.do(flow, firm.id, given)
    newest = firm.store.read_now(records.records_before)[0]
    assert newest.action == flow.__name__.replace("_", "-")
    assert newest.key_id == firm.operator.key_id


def test_a_job_carries_the_project_and_the_member_of_its_key(store):
    world = a_world(store)
    owner = world.buyer.organisation_id
    lin = world.run(lambda tx, act: add_member(tx, owner, "Lin", act=act), world.operator)
    new = NewKey(role=Role.BUYER, secret_hash="x", project="film", member_id=lin.id)
    key = world.run(lambda tx, act: issue_key(tx, owner, new, act=act), world.operator)
    job = world.job(world.submit(key=key).id)
    assert (job.member_id, job.project_id) == (lin.id, key.project_id)
    world.run(lambda tx, act: remove_member(tx, owner, lin.id, act=act), world.operator)
    assert world.job(job.id).member_id == lin.id
