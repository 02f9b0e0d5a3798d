"""The whole log exported, checked without a database, and attacked line by line."""

from __future__ import annotations

import base64
import json
import random
import shutil
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from tests.flows.builders import TIMING
from tests.flows.test_bill_bundle import real_signatures
from tests.flows.test_vouchers import Programme
from tests.ledger.log.bundles import LOG, WITNESS, cosigned

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.errors import NotAllowed
from suanwang.client.log_files import LogFiles, size_of
from suanwang.flows import loops
from suanwang.flows.close_month import close_month
from suanwang.flows.export_log import export_head, export_leaves
from suanwang.flows.extend_log import extend_now
from suanwang.flows.publish_head import publish_head
from suanwang.ledger.archive.verify import verify_export
from suanwang.ledger.log.errors import BundleWrong
from suanwang.ledger.log.leaves import SALT_BYTES
from suanwang.ledger.log.notes import Checkpoint, sign_checkpoint
from suanwang.ledger.log.tree import leaf_hash
from suanwang.store import log

__all__ = ["real_signatures"]  # a fixture
VKEY = LOG.verifier.vkey
FIRST = "leaves/000000000000.jsonl"


def publish(world: Any) -> None:
    act = world.act()
    world.store.run_now(lambda tx: extend_now(tx, act=act))
    world.store.run_now(lambda tx: publish_head(tx, signer=LOG, act=act))


def fetch(world: Any, folder: Path, *, since: int | None = None, page: int = 7) -> Path:
    """Fetch an export as the SDK does, without a server between."""
    files, act = LogFiles(folder), world.act(world.operator)
    files.begin(world.read(lambda tx: export_head(tx, since=since, key=VKEY, act=act)))
    manifest = files.manifest()
    assert manifest is not None
    first = files.next_leaf(since or 0)
    while first < size_of(manifest):
        limit = min(page, size_of(manifest) - first)
        at = first
        first += files.add(
            at, world.read(lambda tx, at=at, n=limit: export_leaves(tx, at, limit=n, act=act))
        )
    files.finish()
    return folder


@pytest.fixture
def set_up(store, real_signatures):
    set_up = Programme(store)
    set_up.grant("500")
    set_up.billed()
    set_up.world.run_loops(loops.SETTLE, turns=1)
    publish(set_up.world)
    return set_up


@pytest.fixture
def export(set_up, tmp_path):
    return fetch(set_up.world, tmp_path / "log")


def wrong(folder: Path, **more: Any) -> str:
    with pytest.raises(BundleWrong) as caught:
        verify_export(folder, **more)
    assert caught.value.message("zh")
    return str(caught.value.facts["place"])


def texts(folder: Path) -> list[bytes]:
    return (folder / FIRST).read_bytes().split(b"\n")[:-1]


def put(folder: Path, lines: list[bytes]) -> None:
    (folder / FIRST).write_bytes(b"".join(line + b"\n" for line in lines))


def test_an_export_is_proven_whole_and_its_records_agree(set_up, export):
    found = verify_export(export, key=VKEY)
    size = set_up.world.read(log.size)
    assert (found.head.size, found.transfers + found.evidence) == (size, size)
    assert (found.bills, found.unopened, found.erased, found.pinned) == (1, 0, 0, True)
    assert set(found.assets) == {"CNY", "VOUCHER:invented-demo-2026"}
    assert found.to_document()["proven"]


def test_only_auditors_and_operators_see_everything(set_up):
    act = set_up.world.act(set_up.world.buyer)
    for read in (
        lambda tx: export_head(tx, since=None, key=VKEY, act=act),
        lambda tx: export_leaves(tx, 0, limit=1, act=act),
    ):
        with pytest.raises(NotAllowed):
            set_up.world.read(read)


def test_pymerkle_finds_the_same_root(export):
    tree = InmemoryTree(algorithm="sha256")
    for text in texts(export):
        line = json.loads(text)
        salt = bytes.fromhex(line["salt"])
        entry = sha256(salt + canonical_bytes(line["record"])).digest()
        assert leaf_hash(entry).hex() == line["leaf"]
        tree.append_entry(entry)
    assert tree.get_root() == verify_export(export).head.root


def test_a_later_export_holds_the_rest_and_continues_the_first(set_up, export, tmp_path):
    before = verify_export(export).head.size
    set_up.billed()
    set_up.world.run_loops(loops.SETTLE, turns=1)
    publish(set_up.world)
    later = fetch(set_up.world, tmp_path / "later", since=before)
    found = verify_export(later, since=[export], key=VKEY)
    assert (found.since, found.bills) == (before, 2)
    assert found.head.size > before
    assert (later / f"leaves/{before:012}.jsonl").is_file()
    assert str(later) in wrong(later), "alone it says what it continues"
    whole = fetch(set_up.world, tmp_path / "whole")
    assert verify_export(whole).to_document() | {"since": before} == (
        found.to_document() | {"pinned": False}
    )
    other = json.loads((later / "export.json").read_bytes())
    other["since"]["proof"] = other["since"]["proof"][:-1]
    (later / "export.json").write_bytes(canonical_bytes(other) + b"\n")
    assert "since.proof" in wrong(later, since=[export])


def test_an_export_with_nothing_new_is_proven_too(set_up, export, tmp_path):
    size = verify_export(export).head.size
    again = fetch(set_up.world, tmp_path / "again", since=size)
    assert verify_export(again, since=[export]).head.size == size


def test_a_cut_download_goes_on_where_it_was(set_up, export, tmp_path):
    world, act = set_up.world, set_up.world.act(set_up.world.operator)
    files = LogFiles(tmp_path / "cut")
    files.begin(world.read(lambda tx: export_head(tx, since=None, key=VKEY, act=act)))
    data = world.read(lambda tx: export_leaves(tx, 0, limit=9, act=act))
    files.add(0, data)
    with (tmp_path / "cut" / FIRST).open("ab") as file:
        file.write(b'{"leaf":"00')
    assert files.next_leaf(0) == 9
    rest = world.read(lambda tx: export_leaves(tx, 9, limit=1000, act=act))
    files.add(9, rest)
    files.finish()
    assert (tmp_path / "cut" / FIRST).read_bytes() == (export / FIRST).read_bytes()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_byte_of_any_file_is_free(export, data):
    name = data.draw(st.sampled_from([FIRST, FIRST, "export.json"]))
    before = (export / name).read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    how = data.draw(st.sampled_from(["flip", "insert", "delete", "cut"]))
    bent = {
        "flip": before[:at]
        + bytes([before[at] ^ 1 << data.draw(st.integers(0, 7))])
        + before[at + 1 :],
        "insert": before[:at] + data.draw(st.sampled_from([b" ", b"0", b"\n", b'"'])) + before[at:],
        "delete": before[:at] + before[at + 1 :],
        "cut": before[:at],
    }[how]
    if bent == before:
        return
    (export / name).write_bytes(bent)
    try:
        wrong(export)
    finally:
        (export / name).write_bytes(before)


ATTACKS = {
    "a line deleted": lambda lines: lines[:5] + lines[6:],
    "the last line deleted": lambda lines: lines[:-1],
    "a line twice": lambda lines: [*lines[:5], lines[4], *lines[5:]],
    "two lines swapped": lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
    "all in another order": lambda lines: random.Random(4).sample(lines, len(lines)),
    "a salt of zeros": lambda lines: [*lines[:3], blanked(lines[3], record=None), *lines[4:]],
}


def blanked(line: bytes, *, record: dict[str, Any] | None) -> bytes:
    """Erase a line as somebody does who may not: a salt of zeros, a record that says nothing."""
    found = json.loads(line)
    found["salt"] = "0" * 2 * SALT_BYTES
    if record is not None:
        found["record"]["record"] = record
    return canonical_bytes(found)


@pytest.mark.parametrize("what", ATTACKS)
def test_an_attack_on_lines_is_named(export, what):
    put(export, ATTACKS[what](texts(export)))
    assert FIRST in wrong(export) or str(export) in wrong(export)


def test_a_changed_amount_is_named_with_its_transfer(export):
    lines = texts(export)
    number = next(n for n, each in enumerate(lines) if b'"kind":"post"' in each)
    name = json.loads(lines[number])["record"]["id"]
    lines[number] = lines[number].replace(b'"amount_units":', b'"amount_units":1', 1)
    put(export, lines)
    assert wrong(export) == f"{FIRST} line {number + 1}, leaf {number} ({name})"


def test_a_record_erased_without_an_erasure_is_named(export):
    lines = texts(export)
    number = next(n for n, each in enumerate(lines) if b'"kind":"order"' in each)
    lines[number] = blanked(lines[number], record={})
    put(export, lines)
    assert f"leaf {number}" in wrong(export)


def test_files_that_are_missing_or_too_many_are_named(export):
    (export / "leaves/000000065536.jsonl").write_bytes(b"")
    assert wrong(export).endswith("000000065536.jsonl")
    (export / "leaves/000000065536.jsonl").unlink()
    (export / "notes.txt").write_text("mine")
    assert wrong(export).endswith("notes.txt")
    (export / "notes.txt").unlink()
    shutil.move(export / FIRST, export / "away")
    assert wrong(export)


def forged(export: Path, **changes: Any) -> None:
    document = json.loads((export / "export.json").read_bytes()) | changes
    (export / "export.json").write_bytes(canonical_bytes(document) + b"\n")


def test_a_head_of_the_same_size_and_another_root_is_refused(export):
    head = verify_export(export).head
    other = Checkpoint(origin=head.origin, size=head.size, root=bytes(32))
    forged(export, head=sign_checkpoint(other, LOG))
    assert f"the root over {head.size} leaves" in wrong(export)


def test_a_head_that_another_key_signed_is_refused(export):
    note = json.loads((export / "export.json").read_bytes())["head"]
    line = note.rindex("\n", 0, -1) + 1
    name, _, blob = note[line:].rpartition(" ")
    data = bytearray(base64.b64decode(blob))
    data[-1] ^= 1
    forged(export, head=f"{note[:line]}{name} {base64.b64encode(data).decode()}\n")
    assert wrong(export).startswith("head")


def test_a_witness_counts_only_with_its_line(export):
    note = json.loads((export / "export.json").read_bytes())["head"]
    forged(export, witnesses=[WITNESS.verifier.vkey])
    assert wrong(export) == "witnesses[0]"
    forged(export, head=cosigned(note))
    assert [each.witness.name for each in verify_export(export).cosignatures] == [WITNESS.name]


def test_closed_months_are_drawn_up_again(set_up, tmp_path):
    world = set_up.world
    world.now += timedelta(days=40)
    for agent in world.agents.values():
        agent.hello()
    act = world.act()
    for _ in range(5):
        world.store.run_now(lambda tx: close_month(tx, act=act, timing=TIMING))
    publish(world)
    found = verify_export(fetch(world, tmp_path / "closed"))
    assert found.months >= 1
    assert found.statements > 5
