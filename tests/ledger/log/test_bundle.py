"""No byte of a bundle is free, and a bundle from anywhere is refused by name, never by a traceback."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.log.bundles import (
    BILL,
    LOG,
    ORIGIN,
    SECONDS,
    WITNESS,
    World,
    cosigned,
    evidence,
    transfer,
)

from suanwang.basics.canonical import canonical_bytes
from suanwang.ledger.log.bundle import BYTES_MAX, make_bundle, verify_bundle
from suanwang.ledger.log.errors import BundleWrong
from suanwang.ledger.log.notes import KeyKind, Note, Signer, sign_checkpoint

BUNDLE = World().bundle()
VKEY = LOG.verifier.vkey


def wrong(data: bytes, *, key: str | None = None) -> BundleWrong:
    with pytest.raises(BundleWrong) as caught:
        verify_bundle(data, key=key)
    assert caught.value.message("zh")
    return caught.value


def edited(change) -> bytes:
    """Change the document of a bundle and write it canonically again."""
    document = json.loads(BUNDLE)
    change(document)
    return canonical_bytes(document) + b"\n"


def test_a_bundle_proves_its_records_and_its_bill():
    verdict = verify_bundle(BUNDLE, key=VKEY)
    assert (verdict.head.origin, verdict.head.size) == (ORIGIN, 33)
    assert verdict.pinned
    assert [each.witness for each in verdict.cosignatures] == [WITNESS.verifier]
    assert [each.seconds for each in verdict.cosignatures] == [SECONDS]
    assert len(verdict.records) == 14
    (bill,) = verdict.bills
    assert (str(bill.gross), str(bill.vouchers)) == ("0.275724", "0.054000")
    assert str(bill.total) == "0.221724"
    assert (bill.id, bill.lines, bill.transfers, bill.mode) == (BILL, 6, 7, "agency")


def test_without_a_key_it_says_that_none_was_pinned():
    verdict = verify_bundle(World().bundle(witnessed=False))
    assert not verdict.pinned
    assert verdict.cosignatures == ()
    assert verdict.to_document()["witnesses"] == []


def test_another_key_is_not_the_exchanges():
    other = Signer(name=ORIGIN, private=b"\x09" * 32)
    assert wrong(BUNDLE, key=other.verifier.vkey).facts["place"] == "key"
    assert wrong(BUNDLE, key="junk").facts["place"] == "--key"
    assert wrong(BUNDLE, key=WITNESS.verifier.vkey).facts["place"] == "--key"


@given(st.integers(0, len(BUNDLE) - 1), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_anywhere_is_found(place, bit):
    bent = bytearray(BUNDLE)
    bent[place] ^= 1 << bit
    wrong(bytes(bent), key=VKEY)
    wrong(bytes(bent))


@pytest.mark.real
@pytest.mark.timeout(600)
@pytest.mark.parametrize("eighth", range(8))  # of the bundle, so that all cores have a share
def test_every_byte_is_covered(eighth):
    """Each byte in turn: another bit of it, a character put before it, and it left out."""
    dice = random.Random(eighth)
    for place in range(eighth, len(BUNDLE), 8):
        bent = bytearray(BUNDLE)
        bent[place] ^= 1 << dice.randrange(8)
        wrong(bytes(bent))
        inserted = dice.choice(b'0123456789abcdef",:{}[] \n\\')
        wrong(BUNDLE[:place] + bytes([inserted]) + BUNDLE[place:])
        wrong(BUNDLE[:place] + BUNDLE[place + 1 :])


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"amount_units":194400', '"amount_units":194401', "txf_2"),
        ('"price":"3.600000"', '"price":"3.700000"', "rnd_1"),
        ('"wall_seconds":"59.4"', '"wall_seconds":"58.4"', "usg_1"),
        ('"total":"0.221724"', '"total":"0.221725"', "bil_1"),
        ('"hold":"1"', '"hold":"2"', "order job_1"),
        ('"amount_units":194400', '"amount_units":x', "txf_2"),
    ],
)
def test_the_record_that_was_changed_is_named(old, new, named):
    assert BUNDLE.count(old.encode()) == 1
    assert named in wrong(BUNDLE.replace(old.encode(), new.encode())).facts["place"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d | {"format": "suanwang-bundle/2"}, "format"),
        (lambda d: d | {"more": 1}, "bundle"),
        (lambda d: {k: v for k, v in d.items() if k != "witnesses"}, "bundle"),
        (lambda d: d | {"head": 7}, "head"),
        (lambda d: d | {"head": d["head"].replace("33", "34")}, f"head: signature of {ORIGIN}"),
        (lambda d: d | {"key": None}, "key"),
        (lambda d: d | {"key": WITNESS.verifier.vkey}, "key"),
        (lambda d: d | {"witnesses": []}, "head"),
        (lambda d: d | {"witnesses": {}}, "witnesses"),
        (lambda d: d | {"witnesses": d["witnesses"] * 2}, "witnesses"),
        (lambda d: d | {"witnesses": [d["key"]]}, "witnesses[0]"),
        (lambda d: d | {"records": []}, "records"),
        (lambda d: d | {"records": d["records"][::-1]}, "records[1] (bill bil_1)"),
        (lambda d: d | {"records": d["records"][:1] * 2}, "records[1] (transfer txf_1)"),
        (lambda d: d | {"records": [1]}, "records[0]"),
    ],
)
def test_a_field_that_is_not_what_it_must_be_is_named(change, place):
    data = canonical_bytes(change(json.loads(BUNDLE))) + b"\n"
    assert wrong(data).facts["place"] == place


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"index": 2}, "records[0] (transfer txf_1)"),
        ({"index": -1}, "records[0].index"),
        ({"index": True}, "records[0].index"),
        ({"index": 33}, "records[0].index"),
        ({"path": []}, "records[0] (transfer txf_1)"),
        ({"path": ["0" * 64] * 65}, "records[0].path"),
        ({"path": ["A" * 64]}, "records[0].path[0]"),
        ({"path": "0"}, "records[0].path"),
        ({"salt": "0" * 32}, "records[0] (transfer txf_1)"),
        ({"salt": "0" * 30}, "records[0].salt"),
        ({"salt": 0}, "records[0].salt"),
        ({"record": None}, "records[0].record"),
        ({"record": {"source": "accounts"}}, "records[0].record"),
        ({"record": {"source": "transfers"}}, "records[0].record"),
        ({"record": {"source": ["transfers"]}}, "records[0].record"),
        ({"more": 1}, "records[0]"),
    ],
)
def test_a_record_that_is_not_what_it_must_be_is_named(fields, place):
    def change(document):
        document["records"][0] |= fields

    assert wrong(edited(change)).facts["place"] == place


@pytest.mark.parametrize(
    ("column", "value"),
    [("seq", "1"), ("seq", None), ("seq", 2**63), ("id", None), ("memo", 7), ("day", 20261126)],
)
def test_a_column_that_is_not_what_it_must_be_is_named(column, value):
    def change(document):
        document["records"][0]["record"][column] = value

    assert wrong(edited(change)).facts["place"] == f"records[0].record.{column}"


def test_a_longer_path_than_needed_is_refused():
    def change(document):
        document["records"][0]["path"].append("0" * 64)

    assert "txf_1" in wrong(edited(change)).facts["place"]


def test_only_whole_signature_lines_of_known_keys_stand_under_the_head():
    stranger = Signer(name="w9", private=b"\x07" * 32, kind=KeyKind.WITNESS)
    note = cosigned(World().head(), witness=stranger)
    made = make_bundle(
        note, World().proven(), key=VKEY,
        witnesses=[WITNESS.verifier.vkey, Signer(name="w8", private=b"\x06" * 32,
                                                 kind=KeyKind.WITNESS).verifier.vkey],
    )  # fmt: skip
    assert made == BUNDLE, "lines and keys that nobody could check are left out"
    assert wrong(edited(lambda d: d.update(head=note))).facts["place"] == "head"


def test_a_witness_that_did_not_sign_does_not_count():
    absent = Signer(name="w9", private=b"\x07" * 32, kind=KeyKind.WITNESS).verifier.vkey

    def change(document):
        document["witnesses"] = sorted([*document["witnesses"], absent])

    assert wrong(edited(change)).facts["place"] == "witnesses[0]"


def test_the_exchange_is_no_witness_of_its_own():
    itself = Signer(name="w9", private=LOG.private, kind=KeyKind.WITNESS)

    def change(document):
        document["head"] = cosigned(document["head"], witness=itself)
        document["witnesses"] = sorted([*document["witnesses"], itself.verifier.vkey])

    assert wrong(edited(change)).facts["place"] == "witnesses"


def test_a_forged_cosignature_is_refused():
    def change(document):
        line = Note.parse(document["head"]).signatures[1]
        data = line.data[:-1] + bytes([line.data[-1] ^ 1])
        note = Note.parse(document["head"])
        forged = replace(note, signatures=(note.signatures[0], replace(line, data=data)))
        document["head"] = str(forged)

    assert wrong(edited(change)).facts["place"] == f"head: signature of {WITNESS.name}"


def test_a_head_that_the_exchange_did_not_sign_is_refused():
    forger = Signer(name=ORIGIN, private=b"\x09" * 32)

    def change(document):
        from_checkpoint = verify_bundle(BUNDLE).head
        document["head"] = sign_checkpoint(from_checkpoint, forger)
        document["witnesses"] = []

    assert wrong(edited(change)).facts["place"] == "head: note"


def test_records_stand_in_the_order_of_their_table():
    def swap(rows):
        rows[0]["seq"], rows[1]["seq"] = rows[1]["seq"], rows[0]["seq"]

    assert "txf_2" in wrong(World(change_rows=swap).bundle()).facts["place"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b"null\n", b"[]\n", b"{}\n", b"1\n", b'"x"\n', b"\xff\xfe", b"{" * 100_000,
        b"[" * 200_000 + b"]" * 200_000, b"1" * 10_000 + b"\n", b"NaN\n", b"1.5\n", b"-0\n",
        b'{"a":1,"a":1}\n', b'"\\ud800"\n', b"\xef\xbb\xbf{}\n", BUNDLE[:-1], BUNDLE + b"\n",
        BUNDLE.replace(b":", b": ", 1), BUNDLE * 2, BUNDLE.replace(b"33", b"3.3e1"),
        BUNDLE.replace(ORIGIN.encode(), b"exchange.ex\\u0061mple", 1), bytes(BYTES_MAX + 1),
    ],
    ids=range(24),
)  # fmt: skip
def test_a_file_that_is_no_canonical_json_is_refused(data):
    wrong(data)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_junk_in_any_place_is_refused_by_name(data):
    document = json.loads(BUNDLE)
    here = document
    while True:
        steps = list(here) if isinstance(here, dict) else range(len(here))
        step = data.draw(st.sampled_from(list(steps)))
        inner = here[step]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        here = inner
    junk = data.draw(JUNK)
    changed = canonical_bytes(junk) != canonical_bytes(inner)
    here[step] = junk
    if changed:
        wrong(canonical_bytes(document) + b"\n")


@given(JUNK, JUNK, JUNK)
@settings(max_examples=100, deadline=None)
def test_an_exchange_that_logs_junk_gets_no_traceback_either(bill, usage, order):
    """Here every hash and signature is right, and what was logged makes no sense."""
    world = World(
        bill=World().bill | {"lines": bill, "parts": usage}
        if isinstance(bill, list)
        else {"x": bill},
        usage={"record": usage, "public_key": "00", "signature": "00"},
        order={"x": order},
        foreign=0,
    )
    wrong(world.bundle())


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_junk_anywhere_in_what_was_logged_gets_no_traceback(data):
    world = World(foreign=0)
    here = {"bill": world.bill, "usage": world.usage, "round": world.round, "order": world.order}
    step = data.draw(st.sampled_from(["bill", "bill", "bill", "usage", "round"]))
    here = here[step]
    while True:
        step = data.draw(
            st.sampled_from(list(here) if isinstance(here, dict) else range(len(here)))
        )
        if not isinstance(here[step], dict | list) or not here[step] or data.draw(st.booleans()):
            break
        here = here[step]
    here[step] = data.draw(
        JUNK | st.sampled_from(["1e99999999", "NaN", "-0", "9" * 50, "0.1234567"])
    )
    try:
        verify_bundle(world.bundle())
    except BundleWrong as problem:
        found = problem.facts["place"]
    else:
        found = "records"
    assert found.startswith("records")


def test_a_bundle_of_records_without_a_bill_proves_the_records():
    verdict = verify_bundle(World(left_out={"bill", "commission"}).bundle())
    assert (len(verdict.records), verdict.bills) == (12, ())


def test_the_builders_write_rows_of_the_right_shape():
    assert set(transfer(1, World().hold)) - set(evidence(1, "x", "y", {})) != set()
