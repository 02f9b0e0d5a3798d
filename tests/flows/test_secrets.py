"""Secrets are kept sealed, by name, and jobs that name none that is there are refused."""

from __future__ import annotations

import pytest
from tests.flows.builders import a_spec, a_world

from suanwang.basics.errors import NotAllowed, NotFound
from suanwang.flows.act import Role
from suanwang.flows.errors import SecretUnknown
from suanwang.flows.identity_errors import TooManySecrets
from suanwang.flows.keep_secret import keep_secret, remove_secret
from suanwang.store import jobs, secrets
from suanwang.store.secrets import SECRETS_MAX, Sealed


@pytest.fixture
def world(store):
    return a_world(store, centres=())


def keep(world, name, sealed=b"sealed", key=None):
    owner = key or world.buyer
    value = Sealed(organisation_id=owner.organisation_id, name=name, sealed=sealed)
    return world.run(lambda tx, act: keep_secret(tx, value, act=act), owner)


def names(world, key=None):
    owner = (key or world.buyer).organisation_id
    return [each.name for each in world.read(lambda tx: secrets.secrets_of(tx, owner))]


def sealed(world, *wanted):
    found = world.read(lambda tx: secrets.sealed_values(tx, wanted))
    return {key: each.sealed for key, each in found.items()}


def test_a_secret_kept_again_has_its_new_value_and_time(world):
    keep(world, "team/hf", b"old")
    world.sleep(5)
    again = keep(world, "team/hf", b"new")
    owner = world.buyer.organisation_id
    assert sealed(world, (owner, "team/hf")) == {(owner, "team/hf"): b"new"}
    assert world.read(lambda tx: secrets.secrets_of(tx, owner)) == [again]
    assert again.created_at == world.now


def test_one_name_of_two_owners_is_two_secrets(world):
    other = world.member("Yunlan Render", Role.BUYER)
    keep(world, "hf", b"mine")
    keep(world, "hf", b"theirs", key=other)
    keep(world, "only-theirs", key=other)
    mine, theirs = world.buyer.organisation_id, other.organisation_id
    assert names(world) == ["hf"]
    assert sealed(world, (mine, "hf"), (mine, "only-theirs")) == {(mine, "hf"): b"mine"}
    assert sealed(world, (mine, "hf"), (theirs, "only-theirs")).keys() == {
        (mine, "hf"), (theirs, "only-theirs")
    }  # fmt: skip
    with pytest.raises(NotFound):
        world.run(lambda tx, act: remove_secret(tx, "only-theirs", act=act), world.buyer)


def test_a_removed_secret_is_gone(world):
    keep(world, "hf")
    world.run(lambda tx, act: remove_secret(tx, "hf", act=act), world.buyer)
    assert names(world) == []
    with pytest.raises(NotFound):
        world.run(lambda tx, act: remove_secret(tx, "hf", act=act), world.buyer)


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.FUNDER, Role.AUDITOR])
def test_only_who_may_submit_jobs_keeps_secrets(world, role):
    with pytest.raises(NotAllowed):
        keep(world, "hf", key=world.member("Another", role))


def test_there_is_a_limit_and_replacing_stays_possible(world):
    rows = [
        {"organisation_id": world.buyer.organisation_id, "name": f"s{n}", "sealed": b"x",
         "created_at": 1} for n in range(SECRETS_MAX)
    ]  # fmt: skip
    world.run(lambda tx, _: tx.many("secret_keep", rows))
    keep(world, "s7", b"new")
    with pytest.raises(TooManySecrets):
        keep(world, "one-more")


def test_a_job_that_names_an_unknown_secret_is_refused_with_every_place(world):
    keep(world, "hf")
    good = a_spec(name="good", secrets={"A": "hf"})
    bad = a_spec(name="train", secrets={"A": "hf", "B": "no-1", "C": "no-2"})
    with pytest.raises(SecretUnknown) as refused:
        world.submit(good, bad)
    assert "train" in str(refused.value)
    assert "suan secret set no-1" in refused.value.message("zh")
    assert [each.pointer for each in refused.value.facts["errors"]] == [
        "/specs/1/secrets/B", "/specs/1/secrets/C"
    ]  # fmt: skip
    assert world.read(jobs.count_by_state) == {}
    world.submit(good)


def test_another_organisations_secret_cannot_be_named(world):
    other = world.member("Yunlan Render", Role.BUYER)
    keep(world, "hf", key=other)
    with pytest.raises(SecretUnknown):
        world.submit(a_spec(secrets={"A": "hf"}))
