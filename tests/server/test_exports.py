"""Exports through the API and the SDK: who gets what, as which file."""

from __future__ import annotations

import pytest
from beancount import loader
from tests.server.test_proofs import billed

TYPES = {
    "focus": ("text/csv", "AvailabilityZone,BilledCost"),
    "csv": ("text/csv", "bill_id,billed_at"),
    "jsonl": ("application/x-ndjson", '{"id":"bil_'),
    "earned-csv": ("text/csv", "seller_id,role"),
    "earned-jsonl": ("application/x-ndjson", ""),
    "beancount": ("text/plain", 'option "title"'),
    "hledger": ("text/plain", "; "),
}


@pytest.fixture
def job(world):
    world.centre()
    return billed(world)


@pytest.mark.parametrize("form", TYPES)
def test_each_form_has_its_type_and_a_name_for_its_file(world, job, form):
    answer = world.buyer.get(f"/exports/{form}")
    media, begins = TYPES[form]
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(media)
    assert "attachment; filename=" in answer.headers["content-disposition"]
    assert answer.content.decode().startswith(begins)


def test_the_bill_is_in_it_and_only_for_its_owner(world, job):
    assert job["id"] in world.buyer.get("/exports/csv").content.decode()
    assert job["id"] in world.operator.get("/exports/csv", everybody="true").content.decode()
    assert job["id"] not in world.operator.get("/exports/csv").content.decode()


def test_a_buyer_gets_nobody_elses(world, job):
    world.buyer.get("/exports/csv", everybody="true").refused(403, "not-allowed")


def test_a_journal_from_the_api_adds_up(world, job):
    text = world.operator.get("/exports/beancount", everybody="true").content.decode()
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    assert len(entries) > 10


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "yesterday"}, "instant-unreadable"),
        ({"from": "2026-11-02T00:00:00Z", "to": "2026-11-01T00:00:00Z"}, "slot-empty"),
    ],
)
def test_a_period_that_is_none_is_refused(world, job, query, code):
    world.buyer.get("/exports/csv", **query).refused(422, code)


def test_a_period_in_the_future_is_empty(world, job):
    query = {"from": "2999-01-01T00:00:00Z", "to": "2999-02-01T00:00:00Z"}
    assert world.buyer.get("/exports/jsonl", **query).content == b""
