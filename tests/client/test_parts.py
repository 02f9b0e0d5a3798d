"""The client's small parts: queries, figures, reading, places in files, the generated twin."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.client.fake_grid import an_offer

from suanwang.client.errors import QueryUnreadable
from suanwang.client.json_fields import with_json_value
from suanwang.client.offer_query import OfferQuery
from suanwang.client.pointers import line_of
from suanwang.client.profiles import read_url
from suanwang.client.reading import Misfit, Resource, read
from suanwang.client.screen.figures import clock, duration, exact_money, money, printable, size
from suanwang.client.specs import LoadedSpec, local_files, one_member
from suanwang.client.wire_grid import Offer

ROOT = Path(__file__).parents[2]


def test_the_synchronous_sdk_is_what_the_tool_makes():
    done = subprocess.run(
        [sys.executable, "tools/unasync.py", "--check"], cwd=ROOT, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("query", "fits"), [
    ("", True),
    ("card=a100*", True),
    ("card=A100-80G-SXM", True),
    ("class=a100-*-sxm", True),
    ("card=h100*", False),
    ("card!=h100*", True),
    ("zone=guian zone!=wuhu", True),
    ("centre=gui*", True),
    ("centre=ctr_1", True),
    ("price<6.40", False),
    ("price<=6.40", True),
    ("price = 6.4", True),
    ("cards>=8 free>=40", True),
    ("free>40", False),
    ("memory>=512 cores=64 nodes!=9", True),
])  # fmt: skip
def test_a_query_fits(query, fits):
    assert OfferQuery.parse(query).fits(read(Offer, an_offer())) is fits


@pytest.mark.parametrize("query", [
    "a100", "price", "price<", "price<x", "price<nan", "price<inf", "card<9", "colour=red",
    "=9", "card=", "PRICE<9", "price<9;drop", "x" * 2000,
])  # fmt: skip
def test_a_query_that_cannot_be_read_is_named(query):
    with pytest.raises(QueryUnreadable):
        OfferQuery.parse(query)


@given(st.text())
def test_no_query_ends_in_anything_else(query):
    with contextlib.suppress(QueryUnreadable):
        OfferQuery.parse(query).fits(read(Offer, an_offer()))


@pytest.mark.parametrize(("amount", "shown", "exact"), [
    ("0", "¥ 0.00", "¥ 0.00"),
    ("51.2", "¥ 51.20", "¥ 51.20"),
    ("1234567.891", "¥ 1,234,567.89", "¥ 1,234,567.891"),
    ("0.000425", "¥ 0.0004", "¥ 0.000425"),
    ("-0.000001", "¥ -0.000001", "¥ -0.000001"),
])  # fmt: skip
def test_money_is_shown(amount, shown, exact):
    assert money(Decimal(amount)) == shown
    assert exact_money(Decimal(amount)) == exact


@pytest.mark.parametrize(("seconds", "shown"), [
    (None, "–"), (0, "0 s"), (59.4, "59 s"), (60, "1 min"), (200, "3 min 20 s"),
    (3600, "1 h"), (7500, "2 h 5 min"), (90_000, "1 d 1 h"),
])  # fmt: skip
def test_a_duration_is_shown(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize(("count", "shown"), [
    (None, "–"), (0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2 * 10**9, "2.0 GB"),
    (10**16, "10000.0 TB"),
])  # fmt: skip
def test_a_size_is_shown(count, shown):
    assert size(count) == shown


def test_the_date_is_shown_unless_it_is_today():
    at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert "2026" in clock(at, now=datetime(2026, 11, 26, tzinfo=UTC))
    assert "2026" not in clock(at, now=at)


@given(st.text())
def test_nothing_printed_steers_a_terminal(text):
    assert all(c.isprintable() or c == "\t" for c in printable(text))


@pytest.mark.parametrize(("words", "given"), [
    (["--json"], ["--json=*"]),
    (["--json", "id,state"], ["--json=id,state"]),
    (["--json", "state"], ["--json=state"]),
    (["--json", "id,frobs"], ["--json=id,frobs"]),
    (["--json", "centre.zone"], ["--json=centre.zone"]),
    (["--json", "job_01J"], ["--json=*", "job_01J"]),
    (["--json", "train.yaml"], ["--json=*", "train.yaml"]),
    (["--json", "-q"], ["--json=*", "-q"]),
    (["--json=id"], ["--json=id"]),
    (["--json", "doubt"], ["--json=doubt"]),  # of a bank line
    (["--json", "earned"], ["--json=earned"]),  # of a settlement
    (["--", "--json"], ["--", "--json"]),
])  # fmt: skip
def test_a_bare_json_gets_its_value(words, given):
    assert with_json_value(words) == given


@pytest.mark.parametrize(("text", "read_as"), [
    ("http://127.0.0.1:8930/", "http://127.0.0.1:8930"),
    ("https://grid.example/base/v1", "https://grid.example/base"),
    ("https://[::1]:8930", "https://[::1]:8930"),
])  # fmt: skip
def test_an_address_is_cut_to_its_root(text, read_as):
    assert read_url(text) == read_as


FILE = """\
name: x
run: echo
resources:
  cards: 8
inputs:
  - from: a
    to: b
  - {from: c, to: d}
"""


@pytest.mark.parametrize(("pointer", "place"), [
    ("/name", (1, 1)),
    ("/resources/cards", (4, 3)),
    ("/inputs/1/to", (8, 15)),
    ("/inputs/0", (6, 5)),
    ("/inputs/7/to", (5, 1)),
    ("/deadline", None),
    ("", None),
])  # fmt: skip
def test_a_pointer_is_found_in_the_file(pointer, place):
    assert line_of(FILE, pointer) == place


@pytest.mark.parametrize("text", ["", "[", "a: [1", "&a [*a]", "- " * 5000])
def test_a_pointer_into_nonsense_is_nowhere(text):
    assert line_of(text, "/name") is None


@dataclass(frozen=True, kw_only=True)
class Inner(Resource):
    at: datetime
    kind: str = field(metadata={"key": "class"})


@dataclass(frozen=True, kw_only=True)
class Outer(Resource):
    count: int
    price: Decimal | None = None
    inners: tuple[Inner, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def test_a_document_is_read_by_its_annotations():
    found = read(Outer, {
        "count": 3, "price": "1.20", "facts": {"a": 1}, "later": True,
        "inners": [{"at": "2026-11-24T17:00:00+08:00", "class": "x"}],
    })  # fmt: skip
    assert (found.count, found.price, found.facts) == (3, Decimal("1.20"), {"a": 1})
    assert (found.inners[0].at, found.inners[0].kind) == (
        datetime(2026, 11, 24, 9, tzinfo=UTC),
        "x",
    )
    assert found.raw["later"] is True


@pytest.mark.parametrize(("document", "where"), [
    ({}, "a key 'count'"),
    ({"count": True}, "count: expected a whole number"),
    ({"count": "3"}, "count: expected a whole number"),
    ({"count": 1, "price": "dear"}, "price: expected a decimal"),
    ({"count": 1, "price": "NaN"}, "price: expected a decimal"),
    ({"count": 1, "inners": {}}, "inners: expected a list"),
    ({"count": 1, "inners": [{"at": "now", "class": "x"}]}, "inners.0.at: expected an RFC 3339"),
    ({"count": 1, "facts": []}, "facts: expected an object"),
    ([], "expected an object"),
    (None, "expected an object"),
])  # fmt: skip
def test_a_misfit_says_where(document, where):
    with pytest.raises(Misfit, match=where):
        read(Outer, document)


def _nested(inner):
    return st.lists(inner) | st.dictionaries(st.text(), inner)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), _nested))
def test_any_json_is_read_or_named(document):
    with contextlib.suppress(Misfit):
        read(Offer, document)


def test_a_dry_run_of_an_array_is_its_first_member():
    member, count = one_member({"name": "x", "array": "3-7", "inputs": [{"from": "p{index}"}]})
    assert (member, count) == ({"name": "x", "inputs": [{"from": "p3"}]}, 5)


@pytest.mark.parametrize(
    "source", ["https://x/y", "s3://b/k", "blob:00", "store://j/x", "file:///x"]
)
def test_only_paths_are_local(source):
    assert local_files(LoadedSpec({"name": "x", "inputs": [{"from": source, "to": "y"}]})) == {}


@pytest.mark.parametrize("inputs", [None, 3, "x", [3], [{}], [{"from": 3}]])
def test_inputs_of_any_shape_are_left_to_the_server(inputs):
    assert local_files(LoadedSpec({"name": "x", "inputs": inputs})) == {}
