"""A member's states over the API: what it may do, and what its jobs come to."""

from __future__ import annotations

import pytest
from tests.server.world import Caller

CODE = "91330100799655058B"
SHA = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
SEEN = {
    "registration_number": CODE,
    "legal_representative": "林悦",
    "documents": {"licence.pdf": SHA},
}


def at(organisation, event):
    return f"/organisations/{organisation}/{event}"


def test_a_firm_applies_is_verified_and_only_then_orders(world):
    made = world.operator.post("/organisations", {"name": "云澜", "state": "applied"}).ok(201)
    assert made["state"] == "applied"
    payment = {"organisation_id": made["id"], "amount": "100", "reference": "b-17"}
    world.operator.post("/top-ups", payment).refused(422, "member-not-verified")
    verified = world.operator.post(at(made["id"], "verify"), SEEN).ok()
    assert verified["state"] == "verified"
    world.operator.post("/top-ups", payment).ok(201)
    firm = Caller(world, made["keys"][0]["key"])
    assert firm.submit()["state"] != "rejected"
    states = {
        each["id"]: each["state"] for each in world.operator.get("/organisations").ok()["items"]
    }
    assert states[made["id"]] == "verified"


def test_a_suspended_firms_new_job_is_refused_and_its_old_one_is_billed(world):
    world.centre()
    before = world.buyer.submit()
    world.operator.post(at(world.lab, "suspend"), {"reason": "unpaid"}).ok()
    quoted = world.buyer.submit(accept=False)
    world.turn()
    answer = world.buyer.post(f"/jobs/{quoted['id']}/accept", {})
    answer.refused(422, "member-suspended")
    assert world.buyer.get(f"/jobs/{before['id']}").ok()["state"] != "failed"
    world.operator.post(at(world.lab, "reinstate"), {"reason": "paid"}).ok()
    world.buyer.post(f"/jobs/{quoted['id']}/accept", {}).ok(200)


@pytest.mark.parametrize(
    ("event", "body", "status", "code"),
    [
        ("verify", SEEN, 409, "transition-refused"),  # the lab is verified
        ("refuse", {"reason": "x"}, 409, "transition-refused"),
        ("reinstate", {"reason": "x"}, 409, "transition-refused"),
        ("close", {"reason": "x"}, 409, "member-not-empty"),
        ("suspend", {"reason": ""}, 422, "fields-invalid"),
        ("suspend", {}, 422, "fields-invalid"),
        ("verify", SEEN | {"registration_number": "1"}, 422, "credit-code-wrong"),
        ("verify", SEEN | {"documents": {}}, 422, "fields-invalid"),
    ],
)
def test_what_cannot_be_is_refused_by_name(world, event, body, status, code):
    world.operator.post(at(world.lab, event), body).refused(status, code)


def test_the_exchange_suspends_others_not_itself(world):
    items = world.operator.get("/organisations").ok()["items"]
    [exchange] = [each["id"] for each in items if each["kind"] == "exchange"]
    world.operator.post(at(exchange, "suspend"), {"reason": "x"}).refused(409, "exchange-no-member")
