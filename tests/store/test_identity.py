from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.builders import Ids, an_organisation

from suanwang.basics.errors import NotFound, NotSignedIn
from suanwang.basics.ids import KeyId
from suanwang.store import identity
from suanwang.store.errors import KeyRevoked

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


def a_key(tx, ids, secret="s3cret_with_underscores"):
    org = an_organisation(tx, ids)
    actor = identity.Actor(key_id=ids(KeyId), organisation_id=org.id, role=identity.Role.BUYER)
    identity.add_key(tx, actor, secret_hash=identity.hash_secret(secret), at=NOW)
    return actor


def test_a_key_is_read_back_as_it_was_written():
    key_id = Ids()(KeyId)
    assert identity.read_key(identity.write_key(key_id, "a_b_c")) == (key_id, "a_b_c")


@pytest.mark.parametrize(
    "text", ["", "sk_", "sk_key_01", "pk_key_01_secret", "sk_key_01_", "x" * 9]
)
def test_what_is_no_key_is_not_signed_in(text):
    with pytest.raises(NotSignedIn):
        identity.read_key(text)


def test_members_and_keys_are_listed_with_their_organisation(store):
    ids = Ids()
    actor = store.run_now(lambda tx: a_key(tx, ids))
    member = identity.Member(
        id=ids(identity.MemberId), organisation_id=actor.organisation_id, name="Lin", created_at=NOW
    )
    store.run_now(lambda tx: identity.add_member(tx, member))
    keys = store.read_now(lambda tx: identity.keys_of(tx, actor.organisation_id))
    assert [(k.actor, k.revoked_at) for k in keys] == [(actor, None)]
    assert not actor.sees_all


def test_the_right_secret_says_who_acts(store):
    ids = Ids()
    actor = store.run_now(lambda tx: a_key(tx, ids))
    digest = identity.hash_secret("s3cret_with_underscores")
    found = store.read_now(lambda tx: identity.actor_by_key_hash(tx, actor.key_id, digest))
    assert found == actor


def test_a_wrong_secret_and_an_unknown_key_are_refused_alike(store):
    ids = Ids()
    actor = store.run_now(lambda tx: a_key(tx, ids))
    for key_id, secret in [(actor.key_id, "wrong"), (ids(KeyId), ""), (ids(KeyId), "x")]:
        with pytest.raises(NotSignedIn):
            store.read_now(
                lambda tx, k=key_id, s=secret: identity.actor_by_key_hash(
                    tx, k, identity.hash_secret(s)
                )
            )


def test_a_revoked_key_says_so_and_is_revoked_once(store):
    ids = Ids()
    actor = store.run_now(lambda tx: a_key(tx, ids))
    later = NOW + timedelta(minutes=1)
    assert store.run_now(lambda tx: identity.revoke_key(tx, actor.key_id, at=later))
    assert not store.run_now(lambda tx: identity.revoke_key(tx, actor.key_id, at=later))
    digest = identity.hash_secret("s3cret_with_underscores")
    with pytest.raises(KeyRevoked):
        store.read_now(lambda tx: identity.actor_by_key_hash(tx, actor.key_id, digest))
    assert store.read_now(lambda tx: identity.key(tx, actor.key_id)).revoked_at == later


def test_organisations_are_listed_in_pages(store):
    ids = Ids()
    made = store.run_now(lambda tx: [an_organisation(tx, ids, name=f"firm {i}") for i in range(5)])
    first = store.read_now(lambda tx: identity.organisations(tx, limit=3))
    rest = store.read_now(lambda tx: identity.organisations(tx, after=first[-1].id, limit=3))
    assert first + rest == made


def test_the_exchange_is_found_once_it_is_open(store):
    ids = Ids()
    assert store.read_now(identity.exchange) is None
    org = store.run_now(
        lambda tx: an_organisation(tx, ids, kind=identity.OrganisationKind.EXCHANGE)
    )
    assert store.read_now(identity.exchange) == org


def test_an_unknown_organisation_is_not_found(store):
    with pytest.raises(NotFound):
        store.read_now(lambda tx: identity.organisation(tx, "org_nobody"))


def test_projects_are_found_by_name_within_their_organisation(store):
    ids = Ids()

    def make(tx):
        mine, theirs = an_organisation(tx, ids), an_organisation(tx, ids)
        project = identity.Project(
            id=ids(identity.ProjectId), organisation_id=mine.id, name="film", created_at=NOW
        )
        identity.add_project(tx, project)
        identity.add_project(
            tx, replace(project, id=ids(identity.ProjectId), organisation_id=theirs.id)
        )
        return project

    project = store.run_now(make)
    found = store.read_now(lambda tx: identity.project_by_name(tx, project.organisation_id, "film"))
    assert found == project
