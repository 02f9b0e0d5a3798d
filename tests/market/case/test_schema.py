"""The JSON Schemas name the keys that the reader takes, and take what the reader takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.market.builders import (
    a_document,
    ask,
    bid,
    block,
    job,
    link,
    offer,
    slots_of,
)

from suanwang.market.case import blocks, columns, jobs, offers, read

ROOT = Path(__file__).parents[3]
SCHEMAS = {
    name: json.loads((ROOT / f"docs/schema/market-{name}.schema.json").read_text("utf-8"))
    for name in ("case", "result")
}
CASE = SCHEMAS["case"]


def keys_of(schema):
    needed = set(schema["required"])
    return needed, schema["properties"].keys() - needed


@pytest.mark.parametrize(
    ("schema", "needs", "may"),
    [
        (CASE, read._NEEDS, read._MAY),
        (CASE["$defs"]["ask"], " ".join(columns.KEYS), "lot pool"),
        (CASE["$defs"]["bid"], " ".join(columns.KEYS), "lot"),
        (CASE["$defs"]["block"], blocks._NEEDS, blocks._MAY),
        (CASE["$defs"]["job"], jobs._NEEDS, jobs._MAY),
        (CASE["$defs"]["offer"], offers._NEEDS, offers._MAY),
    ],
)
def test_the_case_schema_names_the_keys_that_are_read(schema, needs, may):
    assert keys_of(schema) == (set(needs.split()), set(may.split()))


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("ask", ask("a")),
        ("bid", bid("b")),
        ("block", block("k")),
        ("job", job("j")),
        ("offer", offer("o")),
        ("link", link("A", "B")),
        ("slot", slots_of(1)[0]),
    ],
)
def test_a_builders_entry_has_the_schemas_keys(kind, entry):
    needed, optional = keys_of(CASE["$defs"][kind])
    assert needed <= entry.keys() <= needed | optional


def test_a_builders_document_has_the_schemas_keys():
    needed, optional = keys_of(CASE)
    assert needed <= a_document().keys() <= needed | optional


def references(schema):
    """Every $ref and every pattern of a schema."""
    inner = schema.values() if isinstance(schema, dict) else schema
    for value in inner if isinstance(schema, dict | list) else ():
        yield from references(value)
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_reference_leads_somewhere_and_every_definition_is_used(name):
    schema = SCHEMAS[name]
    assert set(references(schema)) == {f"#/$defs/{key}" for key in schema["$defs"]}


@pytest.mark.parametrize("page", ["en"])
def test_the_result_schema_has_the_keys_of_the_rules_page(page):
    text = (ROOT / f"docs/{page}/reference/market-rules.md").read_text("utf-8")
    block = text.partition("## RESULT")[2].partition("All numbers are decimal strings")[0]
    named = set(re.findall(r'"(\w+)"', block))
    schema = SCHEMAS["result"]
    known = set(schema["properties"]) | {
        key for each in schema["$defs"].values() for key in each.get("properties", {})
    }
    assert known == named
