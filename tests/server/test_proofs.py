"""The log through the API: what everybody may have, what only owners may, and what verifies."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs
from tests.server.world import Caller, World

from suanwang.flows.extend_log import extend_now
from suanwang.ledger.log.bundle import verify_bundle
from suanwang.ledger.log.leaves import entry
from suanwang.ledger.log.notes import (
    Checkpoint,
    KeyKind,
    Note,
    Signer,
    Verifier,
    open_checkpoint,
)
from suanwang.ledger.log.tree import verify_consistency, verify_inclusion
from suanwang.server.errors import LogKeyUnreadable
from suanwang.server.first_start import open_exchange
from suanwang.server.log_key import LogKey, origin_of

WITNESS = Signer(name="witness.test", private=bytes(range(32)), kind=KeyKind.WITNESS)


def billed(world: World) -> dict:
    job = world.buyer.submit()
    world.turn()
    [run] = world.centre().take()
    run.finish()
    world.turn()
    return job


@pytest.fixture
def proven(world):
    """A world with a billed job under a signed head; the job."""
    world.centre()
    job = billed(world)
    world.operator.post("/ledger/heads", {}).ok(201)
    return job


class TestForEverybody:
    def nobody(self, world):
        return Caller(world, None)

    def test_key_head_and_tiles_need_no_key(self, world, proven):
        nobody = self.nobody(world)
        shown = nobody.get("/ledger/key").ok()
        log = Verifier.parse(shown["key"])
        assert shown["fingerprint"] == log.fingerprint
        head = open_checkpoint(nobody.get("/ledger/checkpoint").content.decode(), log)
        tile = nobody.get(f"/ledger/tile/0/000.p/{head.size}")
        assert len(tile.content) == 32 * head.size
        assert "immutable" in tile.headers["cache-control"]
        heads = nobody.get("/ledger/heads").ok()["items"]
        assert heads[0]["size"] == head.size

    def test_consistency_between_any_two_heads(self, world, proven):
        first = self.head(world)
        billed(world)
        world.operator.post("/ledger/heads", {}).ok(201)
        second = self.head(world)
        query = f"first={first.size}&second={second.size}"
        found = self.nobody(world).get(f"/ledger/proofs/consistency?{query}").ok()
        assert verify_consistency(
            [bytes.fromhex(each) for each in found["path"]],
            first=first.size, second=second.size,
            first_root=first.root, second_root=second.root,
        )  # fmt: skip

    def head(self, world):
        note = self.nobody(world).get("/ledger/checkpoint").content.decode()
        return Checkpoint.parse(Note.parse(note).text)

    @pytest.mark.parametrize(
        "path",
        [
            "tile/0/000.p/255", "tile/0/001", "tile/9/000", "tile/0/x000/000", "tile/0/0",
            "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/..%2f", "tile/-1/000",
        ],
    )  # fmt: skip
    def test_a_tile_that_is_not_there_is_not_found(self, world, proven, path):
        self.nobody(world).get(f"/ledger/{path}").refused(404, "not-found")

    def test_consistency_beyond_the_log_is_refused_by_name(self, world, proven):
        nobody = self.nobody(world)
        nobody.get("/ledger/proofs/consistency?first=1&second=99999").refused(404, "head-unknown")
        nobody.get("/ledger/proofs/consistency?first=5&second=2").refused(404, "head-unknown")

    def test_whoever_asks_without_a_key_shares_one_rate_with_all_who_do(self, world, proven):
        world.parts.rates.per_second = 2
        nobody = self.nobody(world)
        asked = [nobody.get("/ledger/key").status for _ in range(8)]
        assert asked[0] == 200
        assert asked[-1] == 429
        world.buyer.get("/me").ok()

    def test_before_the_first_head_there_is_none(self, world):
        self.nobody(world).get("/ledger/checkpoint").refused(404, "not-found")


class TestBundles:
    def test_a_bills_bundle_verifies_with_nothing_but_the_key(self, world, proven):
        data = world.buyer.get(f"/jobs/{proven['id']}/bill/bundle").content
        (bill,) = verify_bundle(data, key=world.parts.log_key.vkey).bills
        shown = world.buyer.get(f"/jobs/{proven['id']}/bill").ok()
        assert str(bill.total) == shown["total"]
        assert bill.id == shown["id"]

    def test_it_holds_nobody_elses_records(self, world, proven):
        other = billed(world)
        world.operator.post("/ledger/heads", {}).ok(201)
        data = world.buyer.get(f"/jobs/{proven['id']}/bill/bundle").content.decode()
        assert proven["id"] in data
        assert other["id"] not in data

    def test_others_cannot_fetch_it(self, world, proven):
        world.other.get(f"/jobs/{proven['id']}/bill/bundle").refused(404, "not-found")

    def test_before_its_records_are_under_a_head_it_is_pending(self, world, proven):
        job = billed(world)
        refused = world.buyer.get(f"/jobs/{job['id']}/bill/bundle")
        refused.refused(409, "head-pending")

    def test_without_a_bill_there_is_none(self, world, proven):
        job = world.buyer.submit()
        world.buyer.get(f"/jobs/{job['id']}/bill/bundle").refused(404, "not-found")

    def test_a_server_with_another_key_says_so_at_its_start_and_gives_none(self, world, proven):
        (world.parts.settings.data_dir / "log.key").unlink()
        world.parts.log_key = LogKey(world.parts.settings.data_dir, "x")
        with capture_logs() as logs:
            open_exchange(world.parts)
        assert "signed with another key" in logs[0]["event"]
        refused = world.buyer.get(f"/jobs/{proven['id']}/bill/bundle")
        refused.refused(503, "log-key-wrong")
        world.operator.post("/ledger/heads", {}).refused(503, "log-key-wrong")


class TestInclusion:
    def test_a_record_is_proven_by_its_path(self, world, proven):
        bill = world.buyer.get(f"/jobs/{proven['id']}/bill").ok()
        found = world.buyer.get(f"/ledger/proofs/inclusion?kind=bill&id={bill['id']}").ok()
        head = Checkpoint.parse(Note.parse(found["note"]).text)
        assert verify_inclusion(
            entry(bytes.fromhex(found["salt"]), found["record"].encode()),
            index=found["index"], size=found["size"], root=head.root,
            path=[bytes.fromhex(each) for each in found["path"]],
        )  # fmt: skip
        assert json.loads(found["record"])["id"] == bill["id"]

    def test_another_members_record_is_not_found(self, world, proven):
        bill = world.buyer.get(f"/jobs/{proven['id']}/bill").ok()
        query = f"/ledger/proofs/inclusion?kind=bill&id={bill['id']}"
        world.other.get(query).refused(404, "not-found")
        world.operator.get(query).ok()
        world.buyer.get(f"{query}&size=1").refused(404, "head-unknown")
        world.buyer.get("/ledger/proofs/inclusion?kind=bill&id=nothing").refused(404, "not-found")

    def test_both_sides_of_a_transfer_may_prove_it(self, world, proven):
        statement = world.buyer.get("/statement").ok()
        transfer = statement["items"][-1]["transfer_id"]
        query = f"/ledger/proofs/inclusion?kind=transfer&id={transfer}"
        world.buyer.get(query).ok()
        world.other.get(query).refused(404, "not-found")


class TestWitnesses:
    def line(self, world):
        note = world.buyer.get("/ledger/checkpoint").content.decode()
        text = Note.parse(note).text
        return Checkpoint.parse(text).size, str(WITNESS.cosign(text, seconds=1_800_000_000))

    def test_a_cosignature_stands_under_the_head_and_in_bundles(self, world, proven):
        world.operator.post("/ledger/witnesses", {"key": WITNESS.verifier.vkey}).ok(201)
        size, line = self.line(world)
        world.buyer.post("/ledger/cosignatures", {"size": size, "line": line}).ok(201)
        data = world.buyer.get(f"/jobs/{proven['id']}/bill/bundle").content
        verdict = verify_bundle(data, key=world.parts.log_key.vkey)
        assert [each.witness.name for each in verdict.cosignatures] == ["witness.test"]
        assert world.buyer.get("/ledger/key").ok()["witnesses"] == [WITNESS.verifier.vkey]

    def test_strangers_and_forgeries_are_refused(self, world, proven):
        size, line = self.line(world)
        body = {"size": size, "line": line}
        world.buyer.post("/ledger/cosignatures", body).refused(404, "witness-unknown")
        world.operator.post("/ledger/witnesses", {"key": WITNESS.verifier.vkey}).ok(201)
        wrong = str(WITNESS.cosign("another\n1\nAAAA\n", seconds=1))
        refused = world.buyer.post("/ledger/cosignatures", {"size": size, "line": wrong})
        refused.refused(422, "note-wrong")
        world.buyer.post("/ledger/cosignatures", {"size": 99, "line": line}).refused(
            404, "head-unknown"
        )
        world.buyer.post("/ledger/cosignatures", {"size": size, "line": "x"}).refused(
            422, "note-wrong"
        )

    def test_only_operators_add_witnesses_and_only_keys_of_witnesses(self, world):
        body = {"key": WITNESS.verifier.vkey}
        world.buyer.post("/ledger/witnesses", body).refused(403, "not-allowed")
        log = Signer(name="w", private=bytes(range(1, 33))).verifier.vkey
        world.operator.post("/ledger/witnesses", {"key": log}).refused(422, "invalid")
        world.operator.post("/ledger/witnesses", {"key": "x"}).refused(422, "note-wrong")
        world.operator.post("/ledger/witnesses", body).ok(201)
        world.operator.post("/ledger/witnesses", body).ok(201)


class TestKey:
    def test_it_is_made_once_and_its_public_half_lies_beside_it(self, tmp_path):
        first, again = LogKey(tmp_path, "Grid 算网"), LogKey(tmp_path, "Renamed")
        assert first.vkey == again.vkey
        assert first.signer.name == "grid"
        assert (tmp_path / "log.pub").read_text() == first.vkey + "\n"
        assert (tmp_path / "log.key").stat().st_mode & 0o077 == 0

    def test_a_damaged_one_stops_the_start(self, tmp_path):
        (tmp_path / "log.key").write_text("nonsense")
        with pytest.raises(LogKeyUnreadable, match=r"log\.key"):
            LogKey(tmp_path, "x").prepare()

    @pytest.mark.parametrize(
        ("name", "origin"),
        [("Suanwang demo", "suanwang-demo"), ("算网", "exchange"), ("A+B / C", "a-b-c")],
    )
    def test_an_exchange_of_any_name_has_an_origin(self, name, origin):
        assert origin_of(name) == origin


def test_heads_are_signed_by_the_loop(world, proven):
    store = world.parts.store
    store.run_now(lambda tx: extend_now(tx, act=world.parts.act()))
    assert len(world.operator.get("/ledger/heads").ok()["items"]) >= 1
