"""Whatever the bytes: a spec or mistakes, never a traceback."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from suanwang.basics.canonical import canonical_bytes
from suanwang.jobs.check import Checked, check_bytes, check_mapping, check_text
from suanwang.jobs.keys import INPUT, OUTPUT, RESOURCES, TOP
from suanwang.jobs.submission import members_of

SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GOOD = b"""\
name: x
kind: train
run: |
  echo hi
resources: {cards: 8, class: [a100-80g-sxm, {a: b}], nodes: 2, memory: 4GB}
inputs:
  - {from: s3://b/k, to: k}
outputs: [out/x]
deadline: 6h
max_price: 12.50
prefer: {cost: 0.7, green: 0.3}
array: 0-3
env: &e {A: 1}
"""


def assert_answered(checked: Checked) -> None:
    assert checked.ok == (not checked.mistakes)
    for mistake in (*checked.mistakes, *checked.warnings):
        for lang in ("en", "zh"):
            assert mistake.message(lang)
        json.dumps(mistake.to_wire()).encode()
    if checked.spec:
        wire = checked.spec.to_wire()
        canonical_bytes(wire)
        assert check_mapping(json.loads(json.dumps(wire))).spec == checked.spec
        if checked.spec.array is None or len(checked.spec.array) < 50:
            assert members_of(checked.spec)


@SLOW
@given(st.binary(max_size=200))
@example(b"\xff\xfe")
@example(b"%YAML 9.9\n---\n")
@example(b"a: !<!> b")
@example(b"? \n? \n")
@example(b"&a : *a")
@example(b"!!set {a, b}")
@example(b"*")
@example(b"--- ---")
@example(b"...\n")
def test_any_bytes(data):
    assert_answered(check_bytes(data, name="x"))


@SLOW
@given(
    st.text(st.sampled_from("nameru:x {}[],-#&*!|>'\"%@`?\n\t \\0179.\ufeff\x85一"), max_size=60)
)
def test_any_text_of_yaml_marks(text):
    assert_answered(check_text(text, name="x"))
    assert_answered(check_text(f"name: x\nrun: y\n{text}", name="x"))


@SLOW
@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 3), st.binary(max_size=3)), max_size=4
    )
)
def test_a_good_file_with_any_damage(damages):
    data = GOOD
    for place, cut, put in damages:
        data = data[:place] + put + data[place + cut :]
    assert_answered(check_bytes(data, name="x"))


def _nested(inner):
    names = st.sampled_from(TOP + RESOURCES + INPUT + OUTPUT) | st.text(max_size=4)
    return st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["6h", "4GB", "0-9", "a100", "cost", "store", "x", "12.5", "out/x", "blob:", "2026-11-24T00:00:00Z"]),
    _nested,
    max_leaves=12,
)  # fmt: skip


@SLOW
@given(any_json)
def test_any_json(value):
    assert_answered(check_mapping(value))


@SLOW
@given(st.dictionaries(st.sampled_from(TOP), any_json, max_size=6))
def test_any_values_under_the_right_keys(mapping):
    assert_answered(check_mapping({"name": "x", "run": "y"} | mapping))
