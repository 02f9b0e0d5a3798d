"""Receipts: the tree is RFC 9162's, a hash is of the order and not of its spelling, nobody is left out unseen."""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.builders import ask, bid, block, job, offer
from tests.market.verify.results import PAIRS
from typer.testing import CliRunner

from suanwang.basics.languages import load_texts
from suanwang.ledger.log.tree import inclusion_proof, root, verify_inclusion
from suanwang.market import commands
from suanwang.market.errors import MarketExtraMissing
from suanwang.market.receipts import (
    OrderList,
    ProvenReceipt,
    Receipt,
    ReceiptUnreadable,
    examine,
    finding_text,
    is_signed,
    order_hash,
    path_of,
    read_receipt,
    receipts_root,
    sign_receipt,
)

EN, ZH = load_texts("suanwang.market", "en"), load_texts("suanwang.market", "zh")
KEY = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(KEY).public_key().public_bytes_raw().hex()
NOON = "2026-03-01T12:00:00.5+08:00"

# The entries and roots of Certificate Transparency's own tests, trees of 0 to 8 entries.
ENTRIES = [
    bytes.fromhex(text)
    for text in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize(("size", "expected"), list(enumerate(ROOTS)))
def test_the_root_is_that_of_certificate_transparency(size, expected):
    assert root(ENTRIES[:size]).hex() == expected


def test_a_path_is_that_of_certificate_transparency():
    assert [each.hex() for each in inclusion_proof(ENTRIES, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def naive_root(entries):
    """§2.1.1 word by word."""
    if len(entries) <= 1:
        return sha256(*[b"\x00" + entry for entry in entries]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def naive_path(index, entries):
    """§2.1.3.1 word by word."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*naive_path(index, entries[:k]), naive_root(entries[k:])]
    return [*naive_path(index - k, entries[k:]), naive_root(entries[:k])]


def split(count):
    k = 1
    while 2 * k < count:
        k *= 2
    return k


@pytest.mark.parametrize("size", range(1, 34))
def test_root_and_paths_are_those_of_the_recursion(size):
    entries = [b"%d" % n for n in range(size)]
    top = root(entries)
    assert top == naive_root(entries)
    for index, entry in enumerate(entries):
        path = inclusion_proof(entries, index)
        assert list(path) == naive_path(index, entries)
        assert verify_inclusion(entry, index=index, size=size, path=path, root=top)


@settings(max_examples=25)
@given(st.integers(1, 70), st.data())
def test_no_other_entry_place_or_path_is_included(size, data):
    entries = [b"%d" % n for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path, top = inclusion_proof(entries, index), root(entries)

    def holds(entry=entries[index], index=index, size=size, path=path, root=top):
        return verify_inclusion(entry, index=index, size=size, path=path, root=root)

    assert holds()
    assert not holds(entry=b"another")
    assert not holds(root=bytes(32))
    assert not holds(path=(*path, bytes(32)))
    assert not holds(
        index=data.draw(st.integers(-3, size + 3).filter(lambda other: other != index))
    )
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not holds(path=path[:-1])
        assert not holds(path=(*path[:at], bytes(32), *path[at + 1 :]))
        # A node is no entry, though its hash stands in the tree.
        assert not holds(entry=path[0] + path[0], path=path[1:])


SPELLINGS = [
    # the same order twice                                                                 list
    (bid("b", 1, "1.50"), bid("b", "1.0", 1.5), "bids"),
    (bid("b", Decimal("15E-1"), 0), bid("b", "15e-1", "-0.00"), "bids"),
    (bid("b", 1500, -2), bid("b", "1.5e3", Decimal("-2.000")), "bids"),
    (bid("b", slot=1), bid("b", slot="1"), "bids"),
    (bid("b", 1, 2) | {"lot": None}, bid("b", 1, 2), "bids"),
    (dict(reversed(bid("b").items())), bid("b"), "bids"),
    (ask("a", lot="0.10", pool="p"), ask("a", lot=0.1, pool="p"), "asks"),
    (block("k", [1, "2.0"], slots=[0, 1]), block("k", ["1.00", 2], slots=["0", 1]), "blocks"),
    (job("j", zones={"id": "0.50"}), job("j", zones={"id": 0.5}), "jobs"),
    (
        job("j", values=[{"end": 1, "value": "2.0"}], data={"at": "A", "in": "1.0", "out": 0}),
        job("j", values=[{"end": "1", "value": 2}], data={"at": "A", "in": 1, "out": "0.0"}),
        "jobs",
    ),
    (offer("o", 1, [1, 2], ramp=None), offer("o", 1, ["1.0", 2]), "offers"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "kind"), SPELLINGS)
def test_an_order_has_one_hash_however_its_numbers_are_spelt(one, other, kind):
    assert order_hash(one, kind=OrderList(kind)) == order_hash(other, kind=OrderList(kind))


DIFFERENT = [
    (bid("b", 1, "1.5"), bid("b", 1, "1.500000000001"), "bids"),
    (bid("b", 1, 10), bid("b", 1, 1), "bids"),
    (bid("b", 1, 10), bid("b", 1, 100), "bids"),
    (bid("b", 1, 2), bid("b", 2, 1), "bids"),
    (bid("1.50"), bid("1.5"), "bids"),
    (bid("b", zone="1.0"), bid("b", zone="1"), "bids"),
    (ask("a", pool="1.0"), ask("a", pool="1"), "asks"),
    (block("k", group="1.0"), block("k", group="1"), "blocks"),
    (job("j", zones={"1.0": 1}), job("j", zones={"1": 1}), "jobs"),
    (job("j", data={"at": "1.0"}), job("j", data={"at": "1"}), "jobs"),
    (job("j", gang=True), job("j", gang=1), "jobs"),
]


@pytest.mark.parametrize(("one", "other", "kind"), DIFFERENT)
def test_another_order_has_another_hash(one, other, kind):
    assert order_hash(one, kind=OrderList(kind)) != order_hash(other, kind=OrderList(kind))


def test_a_bid_is_not_the_ask_with_the_same_fields():
    assert len({order_hash(bid("b"), kind=kind) for kind in OrderList}) == len(OrderList)


def test_the_hash_is_of_the_bytes_that_the_rules_page_names():
    text = '{"bids":{"class":"x","id":"b","price":"1.5","quantity":"30","slot":"0","zone":"甲"}}'
    order = bid("b", 30, "1.50", zone="甲")
    assert order_hash(order, kind=OrderList.BIDS) == sha256(text.encode()).hexdigest()


def a_receipt(number=0, order=None, **keys):
    order_sha256 = order_hash(order or bid("b"), kind=OrderList.BIDS)
    facts = {"market": "night", "accepted_at": NOON, "order_sha256": order_sha256} | keys
    return Receipt(number=number, **facts)


def test_a_receipt_is_signed_by_its_market_and_nobody_else():
    receipt = a_receipt()
    assert receipt.to_bytes().startswith(b'{"accepted_at":"2026-03-01T12:00:00.5+08:00","market":')
    signature = sign_receipt(receipt, KEY)
    assert is_signed(receipt, signature=signature, public_key=PUBLIC)
    for other in (a_receipt(1), a_receipt(market="day"), a_receipt(order=bid("b", 2))):
        assert not is_signed(other, signature=signature, public_key=PUBLIC)
    assert not is_signed(receipt, signature=signature, public_key="00" * 32)
    assert not is_signed(receipt, signature="00" * 64, public_key=PUBLIC)
    assert not is_signed(receipt, signature="zz", public_key=PUBLIC)


@pytest.mark.parametrize(
    "keys",
    [{"number": -1}, {"market": ""}, {"order_sha256": "0"}, {"accepted_at": "today"}, {"accepted_at": "2026-02-30T12:00:00Z"}, {"accepted_at": "2026-03-01T12:00:00"}],
    ids=str,
)  # fmt: skip
def test_no_receipt_is_made_that_its_reader_would_refuse(keys):
    with pytest.raises(AssertionError):
        a_receipt(**keys)


def test_receipts_of_a_tree_stand_in_their_order():
    with pytest.raises(AssertionError, match="order of their numbers"):
        receipts_root([a_receipt(1)])


@pytest.mark.parametrize("use", [lambda: sign_receipt(a_receipt(), KEY), lambda: is_signed(a_receipt(), signature="", public_key="")])  # fmt: skip
def test_without_the_package_for_signatures_it_is_named(monkeypatch, use):
    for name in ("cryptography.exceptions", "cryptography.hazmat.primitives.asymmetric"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MarketExtraMissing, match="cryptography"):
        use()


# The orders of the case with which the commands are tried, in the order of their receipts.
TAKEN = [
    ("asks", ask("a", 10, 2)),
    ("bids", bid("b", 4, "5.00")),
    ("bids", bid("c", 3, 1)),
]  # fmt: skip


@pytest.fixture
def night(tmp_path, monkeypatch):
    """A folder with CASE, RESULT and the receipt of bid b; returns how to write each anew."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUANWANG_LANG", "en")
    receipts = [
        a_receipt(number, order_sha256=order_hash(order, kind=OrderList(kind)))
        for number, (kind, order) in enumerate(TAKEN)
    ]
    held = proven(receipts, 1)
    night = Night(tmp_path, held)
    night.write_case(receipts_root=receipts_root(receipts))
    night.write_receipt()
    return night


def proven(receipts, number):
    return ProvenReceipt(
        receipt=receipts[number],
        signature=sign_receipt(receipts[number], KEY),
        public_key=PUBLIC,
        size=len(receipts),
        path=path_of(receipts, number),
    )


class Night:
    def __init__(self, folder, held):
        self.folder, self.held = folder, held

    def write_case(self, **keys):
        pair = PAIRS["simple"]()
        self.case = pair.case | keys
        content = json.dumps(self.case).encode()
        (self.folder / "case.json").write_bytes(content)
        result = pair.result | {"case_sha256": sha256(content).hexdigest()}
        (self.folder / "result.json").write_text(json.dumps(result))

    def write_receipt(self, **keys):
        (self.folder / "receipt.json").write_text(json.dumps(self.held.to_document() | keys))

    def verify(self, *words):
        line = ["verify", "case.json", "result.json", "--receipt", "receipt.json", *words]
        done = CliRunner().invoke(commands.app, line)
        assert "Traceback" not in done.output
        return done


def test_a_receipt_reads_back_from_its_file(night):
    assert read_receipt(night.folder / "receipt.json") == night.held


def test_an_order_in_case_is_found_by_its_receipt(night):
    done = night.verify()
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-4:] == [
        "PROVEN",
        f"Receipt 1 of night, accepted at {NOON}, signed with the key {PUBLIC}",
        "Its order in CASE: bids[0] b",
        "in CASE",
    ]
    wire = json.loads(night.verify("--json").stdout)
    assert wire["proven"] is True
    assert wire["receipt"] == {
        "market": "night",
        "number": 1,
        "order_sha256": night.held.receipt.order_sha256,
        "accepted_at": NOON,
        "public_key": PUBLIC,
        "signed": True,
        "included": True,
        "order": "bids[0] b",
        "in_case": True,
    }


def bids_without_b(night):
    night.write_case(bids=[bid("c", 3, 1)], receipts_root=night.case["receipts_root"])


def bid_b_changed(night):
    night.write_case(bids=[bid("b", 4, "4.9"), bid("c", 3, 1)], receipts_root=night.case["receipts_root"])  # fmt: skip


ASK_AS_BID = {"asks": [bid("b", 4, 5)], "bids": []}
LEFT_OUT = {
    "the order is missing": (bids_without_b, "LEFT OUT: CASE commits to the receipt"),
    "the order was changed": (bid_b_changed, "LEFT OUT: CASE commits to the receipt"),
    "bought became sold": (
        lambda n: n.write_case(**ASK_AS_BID, receipts_root=n.case["receipts_root"]),
        "LEFT OUT: CASE commits to the receipt",
    ),
    "no root": (lambda n: n.write_case(), "LEFT OUT: CASE has the order, but does not commit"),
    "another root": (lambda n: n.write_case(receipts_root="00" * 32), "LEFT OUT: CASE has the order"),
    "a root of words": (lambda n: n.write_case(receipts_root="none"), "LEFT OUT: CASE has the order"),
    "neither": (lambda n: n.write_case(bids=[]), "LEFT OUT: CASE neither commits"),
    "another path": (
        lambda n: n.write_receipt(proof={"size": 3, "path": []}),
        "LEFT OUT: CASE has the order",
    ),
    "another size": (
        lambda n: n.write_receipt(proof=n.held.to_document()["proof"] | {"size": 1}),
        "LEFT OUT: CASE has the order",
    ),
    "another key": (lambda n: n.write_receipt(public_key="00" * 32), "NO RECEIPT"),
    "another number": (
        lambda n: n.write_receipt(receipt=n.held.receipt.to_document() | {"number": 2}),
        "NO RECEIPT",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT_OUT)
def test_who_is_left_out_can_show_it(night, name):
    change, verdict = LEFT_OUT[name]
    change(night)
    done = night.verify()
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1].startswith(verdict)
    assert json.loads(night.verify("--json").stdout)["receipt"]["in_case"] is False


def test_the_verdicts_on_result_and_receipt_stand_apart(night):
    result = json.loads((night.folder / "result.json").read_text()) | {"welfare": "13"}
    (night.folder / "result.json").write_text(json.dumps(result))
    done = night.verify()
    assert done.exit_code == 1
    assert "NOT PROVEN" in done.stdout
    assert done.stdout.splitlines()[-1] == "in CASE"


@pytest.mark.parametrize("change", [lambda _: None, *(row[0] for row in LEFT_OUT.values())])
def test_every_verdict_has_chinese(night, change):
    change(night)
    finding = examine(read_receipt(night.folder / "receipt.json"), night.case)
    english, chinese = (finding_text(finding, say).splitlines() for say in (EN, ZH))
    assert len(english) == len(chinese)
    assert [line for line in english if re.search("[一-鿿]", line)] == []
    assert [line for line in chinese if not re.search("[一-鿿]", line)] == []


def changed(document, place, value):
    *above, key = place.split(".")
    inner = document
    for each in above:
        inner = inner[each]
    inner[key] = value
    return document


UNREADABLE = [
    # place             value                            named place
    ("receipt", None, "receipt"),
    ("receipt", [], "receipt"),
    ("receipt.market", "", "receipt.market"),
    ("receipt.market", "a\nb", "receipt.market"),
    ("receipt.number", None, "receipt.number"),
    ("receipt.number", -1, "receipt.number"),
    ("receipt.number", "x", "receipt.number"),
    ("receipt.number", 0.5, "receipt.number"),
    ("receipt.order_sha256", "AB" * 32, "receipt.order_sha256"),
    ("receipt.order_sha256", 7, "receipt.order_sha256"),
    ("receipt.accepted_at", "2026-03-01", "receipt.accepted_at"),
    ("receipt.accepted_at", "2026-02-30T00:00:00Z", "receipt.accepted_at"),
    ("receipt.more", 1, "receipt"),
    ("signature", "00" * 32, "signature"),
    ("public_key", "00" * 31, "public_key"),
    ("proof", None, "proof"),
    ("proof.size", None, "proof.size"),
    ("proof.path", "x", "proof.path"),
    ("proof.path", ["x"], "proof.path[0]"),
    ("proof.path", ["00" * 32] * 65, "proof.path"),
    ("more", 1, "{}"),
]


@pytest.mark.parametrize(("place", "value", "named"), UNREADABLE, ids=str)
def test_a_receipt_that_is_none_is_refused_with_its_place(night, place, value, named):
    path = night.folder / "receipt.json"
    path.write_text(json.dumps(changed(night.held.to_document(), place, value)))
    with pytest.raises(ReceiptUnreadable) as refused:
        read_receipt(path)
    assert (refused.value.facts["file"], refused.value.facts["place"]) == ("receipt.json", named)
    done = night.verify()
    assert done.exit_code == 2
    assert named in done.stderr


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"a":1,"a":1}', b"[" * 100_000, b" " * (1 << 20) + b"{}"])  # fmt: skip
def test_a_file_that_is_no_receipt_is_refused_by_name(night, content):
    (night.folder / "receipt.json").write_bytes(content)
    done = night.verify()
    assert done.exit_code == 2
    assert "receipt.json" in done.stderr


def test_a_missing_receipt_is_refused_by_name(night):
    (night.folder / "receipt.json").unlink()
    assert night.verify().exit_code == 2


def test_the_help_speaks_of_receipts_in_both_languages(monkeypatch):
    shown = {}
    for lang in ("en", "zh"):
        monkeypatch.setenv("SUANWANG_LANG", lang)
        shown[lang] = CliRunner().invoke(commands.app, ["verify", "--help"]).stdout
    assert "the order of --receipt left out" in " ".join(shown["en"].split())
    assert "--receipt 的订单被遗漏" in shown["zh"].replace("\n", "").replace("  ", "")
