"""A secret goes in and comes out nowhere but in the lease of a job that names it."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tests.server.world import SPEC, World

from suanwang.basics.ids import OrganisationId
from suanwang.server.errors import SecretsKeyUnreadable
from suanwang.server.first_start import open_exchange
from suanwang.server.sealing import SecretBox
from suanwang.store import secrets
from suanwang.store.tables import METADATA

VALUE = "hf_correct-horse-battery"
OWNER = OrganisationId("org_1")


def test_a_secret_is_listed_without_its_value_and_removed(world):
    made = world.buyer.put("/secrets/team/hf", VALUE.encode()).ok()
    assert made.keys() == {"name", "created_at"}
    assert world.buyer.get("/secrets").ok()["items"] == [made]
    assert world.other.get("/secrets").ok()["items"] == []
    world.other.delete("/secrets/team/hf").refused(404, "not-found")
    world.buyer.delete("/secrets/team/hf").ok(204)
    assert world.buyer.get("/secrets").ok()["items"] == []


def test_a_lease_alone_holds_the_value(world):
    world.centre()
    with capture_logs() as logs:
        world.buyer.put("/secrets/team/hf", VALUE.encode(), Idempotency_Key="k").ok()
        job = world.buyer.submit(secrets={"HF_TOKEN": "team/hf"})
        world.turn()
        [run] = world.centre().take()
        assert run.wire["secrets"] == {"HF_TOKEN": VALUE}
        run.finish()
        world.turn()
    for path in (f"/jobs/{job['id']}", f"/jobs/{job['id']}/timeline", "/jobs", "/secrets"):
        assert VALUE.encode() not in world.operator.get(path).content, path
    stored = everything_stored(world)
    assert "team/hf" in stored
    assert VALUE not in stored
    assert hashlib.sha256(VALUE.encode()).hexdigest() not in stored
    assert VALUE not in str(logs)


def everything_stored(world) -> str:
    """All rows of all tables, as text."""

    def read(tx):
        found = []
        for table in METADATA.sorted_tables:
            tx._cursor.execute(f"SELECT * FROM {table.name}")
            found += tx._cursor.fetchall()
        return "\n".join(map(str, found))

    return world.store.read_now(read)


def test_a_new_value_reaches_the_next_lease_and_a_removed_secret_none(world):
    world.centre()
    world.buyer.put("/secrets/hf", b"old").ok()
    for name in ("a", "b"):
        world.buyer.submit(name=name, secrets={"T": "hf"})
    world.turn()
    world.buyer.put("/secrets/hf", b"new").ok()
    [first] = world.centre().take(1)
    assert first.wire["secrets"] == {"T": "new"}
    world.buyer.delete("/secrets/hf").ok(204)
    [second] = world.centre().take(1)
    assert second.wire["secrets"] == {}


def test_jobs_of_two_organisations_get_each_their_own(world):
    world.centre()
    for caller, value in ((world.buyer, b"mine"), (world.other, b"theirs")):
        caller.put("/secrets/hf", value).ok()
        caller.submit(secrets={"T": "hf"})
    world.turn()
    runs = world.centre().take()
    owners = {world.job(run.wire["job_id"])["organisation_id"]: run.wire["secrets"] for run in runs}
    assert owners == {world.lab: {"T": "mine"}, world.rival: {"T": "theirs"}}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_unknown_secret_is_named_at_its_place(world, lang):
    spec = SPEC | {"secrets": {"HF_TOKEN": "team/hf"}}
    wrong = {"Accept-Language": lang}
    for path, body, place in (
        ("/quotes", {"spec": spec}, "/spec"),
        ("/jobs", {"spec": spec}, "/spec"),
        ("/jobs", {"specs": [SPEC, spec]}, "/specs/1"),
    ):
        said = world.buyer.call("POST", path, json=body, headers=wrong).refused(
            422, "secret-unknown"
        )
        assert [each["pointer"] for each in said["errors"]] == [f"{place}/secrets/HF_TOKEN"]
        assert "team/hf" in said["errors"][0]["detail"]
    assert world.buyer.get("/jobs").ok()["items"] == []


@pytest.mark.parametrize(
    ("name", "value", "status", "code"),
    [
        ("hf", b"", 422, "secret-unreadable"),
        ("hf", b"a\0b", 422, "secret-unreadable"),
        ("hf", b"\xff\xfe", 422, "secret-unreadable"),
        ("hf", b"x" * 65_537, 413, "body-too-large"),
        ("-hf", b"x", 422, "secret-name-unreadable"),
        ("a b", b"x", 422, "secret-name-unreadable"),
        ("a//b", b"x", 422, "secret-name-unreadable"),
        ("x" * 64, b"x", 422, "secret-name-unreadable"),
    ],
)
def test_what_is_no_secret_is_refused(world, name, value, status, code):
    said = world.buyer.put(f"/secrets/{name}", value).refused(status, code)
    assert "\\xff" not in json.dumps(said)
    assert world.buyer.get("/secrets").ok()["items"] == []


def test_a_value_of_64_kib_in_any_script_comes_out_as_it_went_in(world):
    value = "密" * 21_845 + "x"
    assert len(value.encode()) == 65_536
    world.centre()
    world.buyer.put("/secrets/机密", value.encode()).ok()
    world.buyer.submit(secrets={"T": "机密"})
    world.turn()
    assert world.centre().take()[0].wire["secrets"] == {"T": value}


def test_who_may_keep_secrets(world):
    for role in ("provider", "funder", "auditor"):
        key = world.operator.post(f"/organisations/{world.lab}/keys", {"role": role}).ok(201)["key"]
        world.nobody.key = key
        world.nobody.put("/secrets/hf", b"x").refused(403, "not-allowed")
        world.nobody.delete("/secrets/hf").refused(403, "not-allowed")
        world.nobody.get("/secrets").ok()
    world.buyer.put("/secrets/hf", b"x").ok()
    seen = world.nobody.get("/secrets", organisation_id=world.lab).ok()["items"]
    assert [each["name"] for each in seen] == ["hf"]
    assert world.other.get("/secrets", organisation_id=world.lab).ok()["items"] == []


# ── the key that seals ──


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "secrets.key"
    box, again = SecretBox(path), SecretBox(path)
    box.prepare()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert again.open(box.seal("v", owner=OWNER, name="n")) == "v"


def test_a_sealed_value_opens_only_in_its_place(tmp_path):
    box = SecretBox(tmp_path / "secrets.key")
    sealed = box.seal(VALUE, owner=OWNER, name="hf")
    assert box.open(sealed) == VALUE
    assert VALUE.encode() not in sealed.sealed
    assert box.seal(VALUE, owner=OWNER, name="hf").sealed != sealed.sealed
    for moved in (
        replace(sealed, name="other"),
        replace(sealed, organisation_id=OrganisationId("org_2")),
        replace(sealed, sealed=sealed.sealed[:-1] + b"\0"),
        replace(sealed, sealed=b""),
        replace(sealed, sealed=b"\x02" + sealed.sealed[1:]),
    ):
        assert box.open(moved) is None


@pytest.mark.parametrize("text", ["", "zz", "00" * 31])
def test_a_damaged_key_is_said_by_its_path_in_both_languages(tmp_path, text):
    path = tmp_path / "secrets.key"
    path.write_text(text)
    with pytest.raises(SecretsKeyUnreadable) as refused:
        SecretBox(path).prepare()
    assert str(path) in refused.value.message("en")
    assert str(path) in refused.value.message("zh")
    assert path.read_text() == text


def test_another_key_is_told_of_at_start_and_hands_nothing_out(world: World):
    world.centre()
    world.buyer.put("/secrets/hf", b"v").ok()
    world.buyer.submit(secrets={"T": "hf"})
    world.turn()
    world.parts.secret_box.path.unlink()
    with capture_logs() as logs:
        open_exchange(world.parts)
    assert [each["event"] for each in logs] == ["stored secrets do not open with this key"]
    assert world.centre().take()[0].wire["secrets"] == {}
    assert world.store.read_now(secrets.sample) is not None
