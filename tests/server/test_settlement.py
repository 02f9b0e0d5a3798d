"""Market days, settlement statements and corrections of meters over the API."""

from __future__ import annotations

import json

import pytest

from suanwang.basics.ids import UsageId
from suanwang.jobs.usage import UsageRecord


@pytest.fixture
def billed(world):
    """A bill of the lab's, with the run of its job."""
    world.centre()
    world.job_id = world.buyer.submit()["id"]
    world.turn()
    world.run_ = world.centre().take()[0]
    world.run_.finish()
    world.turn()
    return world


def corrected(world, **changes):
    """The record that the job was billed by, with another id, signed anew."""
    [row] = world.store.read_now(lambda tx: tx.all("usage_of_job", job_id=world.job_id))
    wire = UsageRecord.from_wire(json.loads(row.record)).to_wire()
    wire |= {"usage_id": UsageId.make(world.parts.clock(), b"corrected!")} | changes
    signed = UsageRecord.from_wire(wire)
    return {
        "lease_id": wire["lease_id"],
        "usage": wire,
        "signature": world.centre().private.sign(signed.signing_bytes()).hex(),
    }


def test_a_centre_corrects_its_meter_and_all_sides_see_it(billed):
    sent = corrected(billed, energy_wh="7")
    billed.buyer.post("/corrections", sent).refused(403, "not-allowed")
    made = billed.centre().caller.post("/corrections", sent).ok(201)
    assert (made["state"], made["job_id"]) == ("applied", billed.job_id)
    again = billed.centre().caller.post("/corrections", sent).ok(201)
    assert again["id"] == made["id"]
    assert billed.buyer.get("/corrections").ok()["items"] == [made]
    assert billed.other.get("/corrections").ok()["items"] == []
    bad = sent | {"signature": "00" * 64, "usage": sent["usage"] | {"cards": 0}}
    bad["usage"]["usage_id"] = UsageId.make(billed.parts.clock(), b"another id")
    billed.centre().caller.post("/corrections", bad).refused(422, "usage-refused")


def test_days_and_statements_are_listed(billed):
    [day] = billed.operator.get("/market-days").ok()["items"]
    assert day["state"] == "open"
    assert day["preliminary_due"] is not None
    billed.operator.post("/settlements").ok(202)
    [paid] = billed.buyer.get("/settlements").ok()["items"]  # the lab's own centre ran it
    assert (paid["day"], paid["state"], paid["bills"]) == (day["day"], "preliminary", 1)
    assert paid["net"] == paid["earned"]
    assert billed.other.get("/settlements").ok()["items"] == []
