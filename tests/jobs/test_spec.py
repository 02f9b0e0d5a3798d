from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError
from tests.jobs.builders import NOON, a_mapping, a_spec, mapping_codes

from suanwang.basics.canonical import canonical_bytes
from suanwang.basics.money import Money
from suanwang.grid.demand import Preference
from suanwang.jobs.check import _translate, check_mapping, check_text
from suanwang.jobs.spec import JobKind

FULL = {
    "name": "训练-1", "kind": "train", "image": "python:3.12", "setup": "pip install x", "run": "python train.py",
    "resources": {"cards": 8, "class": {"h100": "2.5", "a100": 1}, "nodes": 2, "cpus": 4, "memory": "64GiB", "disk": "1TB"},
    "inputs": [
        {"from": "blob:" + "a" * 64, "to": "data/a.tar", "sha256": "A" * 64, "bytes": 0},
        {"from": "dir/b:c", "to": "b"}, {"from": "C:\\data", "to": "c"},
    ],
    "outputs": ["out/model.pt", {"from": "out/log", "to": "s3://bucket/log-{index}"}],
    "expected": "1h", "time_limit": "90m", "deadline": "6h", "earliest_start": "1h", "max_price": "300.50",
    "budget": "team", "prefer": {"cost": 0.7, "green": "0.3"}, "near": "beijing", "latency_ms_max": 0,
    "interruptible": True, "retry": 0, "array": "0-99", "after": "prepare",
    "env": {"BATCH": 32, "LR": 0.001, "DEBUG": True, "EMPTY": "", "BLANK": " "}, "secrets": {"HF_TOKEN": "team/hf"}, "ports": [8080],
}  # fmt: skip


def test_the_smallest_good_file_is_two_lines():
    spec = check_text("name: x\nrun: echo hi\n", name="x.yaml").spec
    assert spec is not None
    assert (spec.name, spec.run, spec.kind) == ("x", "echo hi", JobKind.COMPUTE)
    assert spec.resources.cards == 1
    assert (spec.expected, spec.time_limit) == (timedelta(minutes=10), timedelta(minutes=40))
    assert (spec.retry, spec.interruptible, spec.prefer) == (
        2,
        False,
        {Preference.COST: Decimal(1)},
    )


def test_every_key_is_read():
    spec = a_spec(**FULL)
    assert spec.resources.classes == {"h100": Decimal("2.5"), "a100": Decimal(1)}
    assert spec.resources.memory == 64 * 2**30
    assert spec.inputs[0].sha256 == "a" * 64
    assert spec.outputs[0].to is None
    assert spec.max_price == Money.parse("300.5")
    assert spec.after == ("prepare",)
    assert spec.env == {"BATCH": "32", "LR": "0.001", "DEBUG": "true", "EMPTY": "", "BLANK": " "}
    assert [each.source for each in spec.local_inputs()] == ["dir/b:c", "C:\\data"]


def test_what_is_written_back_reads_as_the_same_spec_and_has_no_floats():
    spec = a_spec(**FULL)
    wire = spec.to_wire()
    canonical_bytes(wire)  # refuses floats
    assert wire["prefer"] == {"cost": "0.7", "green": "0.3"}
    assert wire["latency_ms_max"] == "0"
    again = check_mapping(wire).spec
    assert again == spec
    assert again.to_wire() == wire


def test_a_stored_job_is_written_with_its_retention():
    wire = a_spec(kind="store", inputs=[{"from": "a", "to": "b"}], retain="90d").to_wire()
    assert wire["retain"] == "90d"
    assert check_mapping(wire).ok


def test_times_from_now_are_pinned_once():
    spec = a_spec(deadline="6h", earliest_start="1h").pinned(NOON)
    assert spec.deadline == NOON + timedelta(hours=6)
    assert spec.earliest_start == NOON + timedelta(hours=1)
    assert spec.pinned(NOON + timedelta(days=1)) is spec


def test_a_spec_does_not_change():
    with pytest.raises(ValidationError):
        a_spec().name = "y"


def test_the_limit_is_four_times_the_expected_time_and_at_most_a_year():
    assert a_spec(expected="1h").time_limit == timedelta(hours=4)
    assert a_spec(expected="300d").time_limit == timedelta(days=365)


@pytest.mark.parametrize("name", ["x", "训练", "a.b_c-1", "9lives", "हिन्दी", "x" * 63, "Ångström"])
def test_names_in_any_script(name):
    assert a_spec(name=name).name


@pytest.mark.parametrize(
    "name", ["", " ", ".", "-x", "_", "a b", "a/b", "x" * 64, "名 字", "a\n", "e🙂", "́e"]
)
def test_names_that_would_hurt_elsewhere_are_refused(name):
    assert [pointer for pointer, _ in mapping_codes(a_mapping(name=name))] == ["/name"]


@pytest.mark.parametrize(
    ("prefer", "weights"),
    [
        ("speed", {"speed": 1}),
        (["cost", "green"], {"cost": 1, "green": 1}),
        ({"cost": 2}, {"cost": 2}),
    ],
)
def test_a_preference_is_a_word_a_list_or_weights(prefer, weights):
    assert a_spec(prefer=prefer).prefer == weights


@pytest.mark.parametrize("near", ["beijing", "Beijing", "北京"])
def test_a_city_is_named_in_either_language(near):
    assert a_spec(near=near).near == "beijing"


def test_classes_are_a_word_a_list_or_speeds():
    for written in ("A100", ["a100"], {"a100": 1}):
        assert a_spec(resources={"class": written}).resources.classes == {"a100": Decimal(1)}


@pytest.mark.parametrize(
    ("mapping", "found"),
    [
        (None, [("", "expected-mapping")]),
        ([], [("", "expected-mapping")]),
        ({}, [("/name", "missing-key"), ("/run", "missing-key")]),
        ({1: 2, "name": "x", "run": "y"}, [("/1", "key-not-text")]),
        ({"name": "x", "run": "a\x00b"}, [("/run", "control-character")]),
        ({"name": "x", "run": "\ud800"}, [("/run", "control-character")]),
        ({"name": "x", "run": None}, [("/run", "expected-text")]),
        (dict.fromkeys(["name", "deadline", "max_price", "array", "near", "inputs"], None) | {"run": "y"},
         [("/array", "array-unreadable"), ("/deadline", "when-unreadable"), ("/inputs", "expected-list"),
          ("/max_price", "price-unreadable"), ("/name", "expected-text"), ("/near", "expected-text")]),
        ({"name": "x", "run": "y", "a/b~": 1}, [("/a~1b~0", "unknown-key")]),
        ({"name": "x", "run": "y", "env": {"A": float("nan"), "B": 10**99, "C": None}},
         [("/env/A", "expected-text"), ("/env/B", "expected-text"), ("/env/C", "expected-text")]),
        ({"name": "x", "run": "y", "resources": {"cards": 10**5000}}, [("/resources/cards", "out-of-range")]),
        ({"name": "x", "run": "y", "prefer": {}}, [("/prefer", "weights-zero")]),
        ({"name": "x", "run": "y", "prefer": [1]}, [("/prefer", "expected-mapping")]),
        ({"name": "x", "run": "y", "inputs": {"a": 1}}, [("/inputs", "expected-list")]),
    ],
)  # fmt: skip
def test_a_mapping_from_json_has_pointers(mapping, found):
    assert mapping_codes(mapping) == found
    assert all(m.line is None for m in check_mapping(mapping).mistakes)


def test_things_worth_saying_do_not_refuse_the_file():
    def said(**keys: object) -> list[str]:
        checked = check_mapping(a_mapping(**keys))
        assert checked.ok
        return [m.code for m in checked.warnings]

    assert said() == []
    assert said(resources={"class": ["a100-80g-sxm", "A100", "h20-96g"]}) == ["class-unknown"]
    assert said(budget="b") == ["budget-kept-only"]
    assert said(ports=[80]) == ["ports-kept-only"]
    assert said(kind="store", inputs=[{"from": "a", "to": "b"}]) == ["run-not-used"]
    here, there = {"from": "out", "to": "s3://b/x"}, {"from": "o", "to": "s3://b/{index}"}
    assert said(array="0-1", outputs=[here, there, "log"]) == ["members-overwrite"]
    assert said(array="0-0", outputs=[here]) == []
    assert said(outputs=[here]) == []


def test_tabs_are_fine_where_yaml_allows_them():
    text = "name: x\nrun: |\n  cat <<-END\n  \thi\n  END\n"
    spec = check_text(text, name="x").spec
    assert spec is not None
    assert spec.run == "cat <<-END\n\thi\nEND\n"


def test_a_kind_of_error_that_pydantic_may_learn_one_day_is_still_a_mistake():
    details = {"type": "new", "loc": ("run",), "msg": "", "input": 5}
    assert _translate(details, {"run": 5}).error.code == "value-not-valid"
