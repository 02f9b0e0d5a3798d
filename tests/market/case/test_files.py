"""CASE files: the same case from JSON, Parquet and Arrow, and the place of what is wrong in each."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from decimal import Decimal
from hashlib import sha256

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from tests.market.builders import a_document, ask, bid, block, job, offer

from suanwang.market.case import raw, scan
from suanwang.market.case.raw import read_raw
from suanwang.market.case.read import read_case
from suanwang.market.case.write import case_to_json, write_json, write_table
from suanwang.market.errors import CaseUnreadable, MarketExtraMissing

DOCUMENT = a_document(
    zones="A B",
    slots=2,
    asks=[ask("a", Decimal("2.5"), 1, pool="p"), ask("b", 3, "0.5", zone="B", lot="0.5")],
    bids=[bid("c", "0.333333333333", 2), bid("算", 1, 1, slot=1), bid("e", 0, -1)],
    blocks=[block("k", price=Decimal("1.5"))],
    jobs=[job("j", work="1.5")],
    offers=[offer("o", pool="p")],
)
WRITERS = {"json": write_json, "parquet": write_table, "arrow": write_table}


def written(tmp_path, content, name="noon.json"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path, read=read_case):
    with pytest.raises(CaseUnreadable) as refused:
        read(path)
    return refused.value.facts


def columns(steps):
    return [
        steps.ids,
        *(c.tolist() for c in (steps.node, steps.price, steps.quantity, steps.lot, steps.pool)),
    ]


@pytest.mark.parametrize("kind", WRITERS)
def test_a_case_written_is_the_case_read(tmp_path, kind):
    path = tmp_path / f"noon.{kind}"
    WRITERS[kind](path, DOCUMENT)
    case = read_case(path)
    assert columns(case.asks) == [
        ["a", "b"], [0, 1], [1_000_000, 500_000], [2_500_000_000_000, 3 * 10**12],
        [0, 5 * 10**11], [0, -1],
    ]  # fmt: skip
    assert columns(case.bids) == [
        ["c", "算", "e"], [0, 2, 0], [2_000_000, 1_000_000, -1_000_000],
        [333_333_333_333, 10**12, 0], [0] * 3, [-1] * 3,
    ]  # fmt: skip
    assert [order.id for order in (*case.blocks, *case.jobs, *case.offers)] == ["k", "j", "o"]
    assert case.sha256 == sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", WRITERS)
def test_a_raw_case_is_the_document_of_any_file(tmp_path, kind):
    path = tmp_path / f"noon.{kind}"
    WRITERS[kind](path, DOCUMENT)
    found = read_raw(path)
    assert (found.name, found.sha256) == (path.name, sha256(path.read_bytes()).hexdigest())
    assert found.document["jobs"][0]["work"] == "1.5"
    assert [order["id"] for order in found.document["bids"]] == ["c", "算", "e"]
    assert [order.get("pool") for order in found.document["asks"]] == ["p", None]


def test_a_raw_number_is_exact(tmp_path):
    text = '{"a": 0.1234567890123456789, "b": 1, "c": "2", "d": 1e3}'
    document = read_raw(written(tmp_path, text)).document
    assert document == {"a": Decimal("0.1234567890123456789"), "b": 1, "c": "2", "d": 1000}
    assert [type(v) for v in document.values()] == [Decimal, int, str, Decimal]


def test_a_written_case_has_an_order_a_line():
    lines = case_to_json(a_document(asks=[ask("a"), ask("b")])).decode().splitlines()
    assert '{"id":"a","zone":"A","class":"x","slot":0,"quantity":1,"price":1},' in lines
    assert '"bids":[],' in lines


def test_a_number_too_long_for_a_double_is_written_as_text(tmp_path):
    path = tmp_path / "noon.parquet"
    write_table(path, a_document(bids=[bid("b", "0.12345678901"), bid("c", "123456.123456789012")]))
    kinds = {field.name: str(field.type) for field in pq.read_schema(path)}
    assert (kinds["price"], kinds["quantity"]) == ("double", "string")
    assert read_case(path).bids.quantity.tolist() == [123_456_789_010, 123_456_123_456_789_012]


def test_orders_may_stand_before_the_zones_and_span_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "PIECE", 2)
    orders = [bid(f"b{i}", i, zone="AB"[i % 2]) for i in range(5)]
    document = {"bids": orders} | {
        k: v for k, v in a_document(zones="A B").items() if k not in ("asks", "bids")
    }
    case = read_case(written(tmp_path, json.dumps(document)))
    assert case.bids.ids == ["b0", "b1", "b2", "b3", "b4"]
    assert case.bids.node.tolist() == [0, 1, 0, 1, 0]


def test_a_number_with_more_digits_than_a_double_has_is_read_exactly(tmp_path):
    digits = ["2.9999999999999999999", "0.1234567890129999999", "1.5", "7"]
    orders = ",".join(
        f'{{"id":"{i}","zone":"A","class":"x","slot":0,"quantity":{number},"price":1}}'
        for i, number in enumerate(digits)
    )
    content = case_to_json({k: v for k, v in a_document().items() if k != "bids"}).decode()
    case = read_case(written(tmp_path, content.rstrip("}\n") + f',"bids":[{orders}]}}'))
    quanta = [2_999_999_999_999, 123_456_789_012, 15 * 10**11, 7 * 10**12]
    assert case.bids.quantity.tolist() == quanta


ORDER = '{"id":"a","zone":"A","class":"x","slot":0,"quantity":1,"price":1}'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1 column 1"),
        ("[]", "line 1 column 1"),
        ("\ufeff{}", "line 1 column 1"),
        ("{}", "$.currency"),
        ("{} {}", "line 1 column 4"),
        ('{\n "a" 1}', "line 2 column 6"),
        ('{\n "a": 1,\n}', "line 3 column 1"),
        ("{a: 1}", "line 1 column 2"),
        ('{"a": tru}', "line 1 column 7"),
        ('{"a": "\x00"}', "line 1 column 8"),
        ('{"a": 1, "a": 2}', "$.a"),
        ('{"a": NaN}', "$.a"),
        ('{"jobs": [1, {"b": -Infinity}]}', "$.jobs[1]"),
        ('{"jobs": [1, {"b": 1, "b": 1}]}', "$.jobs[1]"),
        ('{"jobs": [1, 1e999999]}', "$.jobs[1]"),
        ('{"jobs": ' + "[" * 100_000, "$.jobs[0]"),
        ('{"jobs": ' + '{"a":' * 100_000, "$.jobs"),
        ('{"seed": ' + "9" * 10_000 + "}", "$.seed"),
        ('{"jobs": [1 2]}', "line 1 column 13"),
        (f'{{"asks": [{ORDER} {ORDER}]}}', "line 1 column 77"),
        ('{"asks": [1]}', "$.asks[0]"),
        (f'{{"asks": [{ORDER}, {{"id": {ORDER}}}]}}', "$.asks[1].zone"),
        (f'{{"asks": [{ORDER}, {ORDER[:-1]}, "pool": {ORDER}}}]}}', "$.asks[1].pool"),
        (f'{{"asks": [{ORDER}, {ORDER.replace("0", "0" * 70)}]}}', "line 1 column 119"),
        (f'{{"asks": [{ORDER}, {ORDER.replace("0", "9" * 70)}]}}', "$.asks[1]"),
        (f'{{"bids": [{ORDER}, {ORDER.replace("0", "1e400")}]}}', "$.bids[1]"),
        (f'{{"bids": [{ORDER}, {ORDER.replace("0", "NaN")}]}}', "$.bids[1]"),
        (f'{{"bids": [{ORDER}, {ORDER[:-1]}, "id": 1}}]}}', "$.bids[1]"),
        (f'{{"bids": [{ORDER}, {"[" * 10_000}', "$.bids[1]"),
        (f'{{"bids": [{ORDER}], "bids": []}}', "$.bids"),
        (f'{{"bids": [{ORDER},]}}', "line 1 column 77"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(tmp_path, text, place):
    assert refusal(written(tmp_path, text))["place"] == place


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "gb18030", "latin-1"])
def test_only_utf_8_is_read(tmp_path, encoding):
    text = '{\n"currency": "é"}'
    facts = refusal(written(tmp_path, text.encode(encoding)))
    assert facts["place"] in {"line 1 column 1", "line 2 column 14"}


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    assert refusal(tmp_path / "none.json")["place"] == "$"
    assert refusal(tmp_path)["found"] == '"Is a directory"'
    assert refusal(tmp_path / "a\x00b.json")["place"] == "$"


def test_a_file_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(raw, "BYTES_MAX", 10)
    assert refusal(written(tmp_path, " " * 11))["expected"] == "at most 10 bytes"


def a_table(*, metadata=True, **changes):
    given = {
        "side": ["ask", "bid"], "id": ["a", "b"], "zone": ["A", "A"], "class": ["x", "x"],
        "slot": [0, 0], "quantity": [1.5, 2.0], "price": [1.0, 2.0],
    } | changes  # fmt: skip
    table = pa.table({name: column for name, column in given.items() if column is not None})
    rest = {k: v for k, v in a_document().items() if k not in ("asks", "bids")}
    content = case_to_json(rest) if metadata is True else metadata
    return table.replace_schema_metadata({"suanwang.case": content} if content else None)


def table_at(tmp_path, table, kind):
    path = tmp_path / f"noon.{kind}"
    if kind == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    return path


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize(
    "changes",
    [
        {"zone": pa.array(["A", "A"]).dictionary_encode()},
        {"zone": pa.array(["A", "A"], pa.large_string())},
        {"quantity": pa.array([Decimal("1.5"), Decimal(2)], pa.decimal128(38, 12))},
        {"quantity": pa.array(["1.5", "2"])},
        {"price": pa.array([1, 2], pa.int16())},
        {"slot": pa.array([0, 0], pa.uint64())},
        {"slot": pa.array(["0", "0"])},
        {"pool": pa.nulls(2)},
        {"lot": pa.array([None, None], pa.float64())},
    ],
)
def test_a_table_may_have_its_columns_in_any_fitting_type(tmp_path, kind, changes):
    case = read_case(table_at(tmp_path, a_table(**changes), kind))
    assert case.asks.quantity.tolist() == [15 * 10**11]
    assert case.bids.price.tolist() == [2_000_000]


@pytest.mark.parametrize("read", [read_case, read_raw])
@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"price": None}, "the table"),
        ({"more": [1, 2]}, "the table"),
        ({"id": [1, 2]}, "the column id"),
        ({"price": [True, False]}, "the column price"),
        ({"quantity": pa.array([1, 2], pa.float32())}, "the column quantity"),
        ({"side": ["ask", "sell"]}, "row 1: side"),
        ({"side": ["ask", None]}, "row 1: side"),
        ({"zone": ["A", "A" * 300]}, "rows 0 to 1: zone"),
        ({"metadata": None}, "the table"),
        ({"metadata": b"[]"}, "line 1 column 1"),
        ({"metadata": b'{"asks": []}'}, "$.asks"),
    ],
)
def test_a_table_that_is_no_case_is_refused(tmp_path, read, kind, changes, place):
    assert refusal(table_at(tmp_path, a_table(**changes), kind), read)["place"] == place


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"price": [1.0, None]}, "$.bids[0].price"),
        ({"price": [1.0, float("nan")]}, "$.bids[0].price"),
        ({"slot": [0, -1]}, "$.bids[0].slot"),
        ({"slot": [0, 2**62]}, "$.bids[0].slot"),
        ({"id": ["a", None]}, "$.bids[0].id"),
        ({"id": ["a", "a"]}, "$.bids[0].id"),
        ({"pool": [None, "p"]}, "$.bids[0].pool"),
        ({"quantity": [-1.0, 1.0]}, "$.asks[0].quantity"),
    ],
)
def test_a_row_that_is_no_order_is_refused(tmp_path, changes, place):
    assert refusal(table_at(tmp_path, a_table(**changes), "parquet"))["place"] == place


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_broken_table_is_refused(tmp_path, kind):
    content = table_at(tmp_path, a_table(), kind).read_bytes()
    for length in range(0, len(content) - 1, 90):
        refusal(written(tmp_path, content[:length], f"cut.{kind}"))
    for index in range(0, len(content), 47):
        broken = bytearray(content)
        broken[index] ^= 0xFF
        path = written(tmp_path, bytes(broken), f"broken.{kind}")
        # A byte of padding may be anything.
        with suppress(CaseUnreadable):
            assert read_case(path).nodes > 0


def test_a_table_needs_its_package_and_json_does_not(tmp_path, monkeypatch):
    table = table_at(tmp_path, a_table(), "parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MarketExtraMissing):
        read_case(table)
    assert read_case(written(tmp_path, case_to_json(a_document()))).slots == 1
