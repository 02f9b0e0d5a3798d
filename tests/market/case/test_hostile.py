"""Whatever a file holds, a Case comes out or CaseUnreadable with a place, and nothing else."""

from __future__ import annotations

import json
import tracemalloc
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.market.builders import a_document, ask, bid, block, both_ways, job, offer

from suanwang.market.case.model import Case
from suanwang.market.case.read import case_from_document, read_case
from suanwang.market.case.write import case_to_json
from suanwang.market.errors import CaseUnreadable

FULL = a_document(
    zones="A B",
    classes="x y",
    slots=2,
    links=both_ways("A", "B", [1, "2"], weights={"x": 2}),
    asks=[ask("a", "1.5", 1, pool="p", lot="0.5")],
    bids=[bid("b", "1.5", 2, lot=1), bid("c", slot=1)],
    blocks=[block("k", [1, 2], slots=[0, 1], group="g", parent="l", min_fraction=1), block("l")],
    jobs=[
        job("j", shape="preemptible", gang=True, setup=1, max_pauses=1, carbon_weight=1)
        | {"values": [{"end": 1, "value": 2}], "data": {"at": "B", "in": 1, "out": 1}}
    ],
    offers=[offer("o", [1, 2], [1, 2], pool="p", ramp=1)],
    price_min=-5,
    price_max=5,
    pricing="uplift",
    carbon=[{"zone": "A", "class": "x", "kg": [1, 2]}],
    carbon_price=1,
    seed=1,
    receipts_root="r",
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**63), 2**63, "1e999999", "1e-999999", "9" * 5000, "-0", "0x1"]),
    st.floats(),
    st.decimals(),
    st.text(st.characters(), max_size=20),
    st.sampled_from(["a", "A", "x", "", "\x00", "\ud800", "@carriage", [], {}, [[]], [{}], [None]]),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=6,
    ),
)


def places(value, path=()):
    """Every place within a document."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries if isinstance(value, dict | list) else ():
        yield from places(inner, (*path, key)) if isinstance(inner, dict | list) else [(*path, key)]


PLACES = list(places(FULL))


def changed(path, change):
    document = deepcopy(FULL)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    change(inner, path[-1])
    return document


def outcome(read, *arguments):
    """Return the place of the refusal, or None; anything else that is raised fails the test."""
    try:
        assert isinstance(read(*arguments), Case)
    except CaseUnreadable as refused:
        error = refused
    else:
        return None
    assert error.message("en").isprintable()
    assert len(error.facts["found"]) <= 80
    return error.facts["place"]


def test_the_full_case_is_good():
    assert outcome(case_from_document, FULL) is None


@pytest.mark.parametrize("path", PLACES, ids=str)
def test_any_part_may_be_missing_or_is_missed(path):
    place = outcome(case_from_document, changed(path, lambda inner, key: inner.pop(key)))
    assert place is None or place.startswith("$")


@settings(max_examples=60)
@given(st.sampled_from(PLACES), JUNK)
def test_any_part_may_be_junk(path, junk):
    document = changed(path, lambda inner, key: inner.__setitem__(key, junk))
    place = outcome(case_from_document, document)
    assert place is None or place.startswith("$")


@settings(max_examples=60)
@given(st.sampled_from(PLACES), JUNK)
def test_junk_in_a_file_is_refused_as_in_a_document(path, junk):
    document = changed(path, lambda inner, key: inner.__setitem__(key, junk))
    text = json.dumps(document, default=str)
    outcome(read_text, text)


def read_text(text):
    path = FOLDER / "noon.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return read_case(path)


FOLDER = Path()


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory):
    global FOLDER  # noqa: PLW0603 - Hypothesis wants no fixture of its own for each example
    FOLDER = tmp_path_factory.mktemp("cases")


def test_a_truncated_file_is_refused():
    content = case_to_json(FULL)
    for length in range(0, len(content.rstrip()) - 1, 50):
        assert outcome(read_text, content[:length]).startswith("line ")


@settings(max_examples=60)
@given(st.data())
def test_any_byte_may_be_another(data):
    content = bytearray(case_to_json(FULL))
    index = data.draw(st.integers(0, len(content) - 1))
    content[index] = data.draw(st.integers(0, 255))
    outcome(read_text, bytes(content))


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(content):
    assert outcome(read_text, content) is not None


BOMBS = {
    "a number to the millionth": '{"tick": 1e999999}',
    "a fraction to the millionth": '{"tick": 1e-999999}',
    "a number of a million digits": '{"tick": ' + "9" * 1_000_000 + "}",
    "a fraction of a million digits": '{"tick": 0.' + "9" * 1_000_000 + "}",
    "a text of a million digits": json.dumps(FULL | {"tick": "9" * 1_000_000}),
    "lists in lists": '{"tick": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}",
    "a key of a million characters": '{"' + "k" * 1_000_000 + '": 1}',
    "zones × classes × slots": json.dumps(
        FULL | {"zones": [f"{i}" for i in range(9000)], "classes": [f"{i}" for i in range(9000)]}
    ),
    "links × slots": json.dumps(
        # One capacity each would be a list of 400; they are not even looked at.
        a_document(slots=400) | {"links": [None] * 21_000}
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_memory(name):
    text = BOMBS[name]
    tracemalloc.start()
    try:
        assert outcome(read_text, text) is not None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000 + 20 * len(text)
