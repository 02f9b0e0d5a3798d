"""Budgets over the API: set, seen, spent, refused by name; and what a plan says of them."""

from __future__ import annotations

import pytest
from tests.server.world import SPEC, Caller

from suanwang.store import outbox


@pytest.fixture
def placed(world):
    world.centre()
    return world


def bound(world):
    """A key of a member, in a project of its own."""
    li = world.operator.post(f"/organisations/{world.lab}/members", {"name": "Li"}).ok(201)
    body = {"role": "buyer", "project": "vision", "member_id": li["id"]}
    key = world.operator.post(f"/organisations/{world.lab}/keys", body).ok(201)
    return li["id"], Caller(world, key["key"])


def test_a_budget_is_set_spent_shown_and_removed(placed):
    world = placed
    made = world.buyer.post("/budgets", {"amount": "5", "warn_at": [50, 90]}).ok()
    assert (made["scope"], made["subject_id"], made["left"]) == ("organisation", world.lab, "5.00")
    job = world.buyer.submit()
    world.turn()
    world.centre().take()[0].finish()
    world.turn()
    charge = world.buyer.get(f"/jobs/{job['id']}").ok()["charge"]
    shown = world.buyer.get(f"/budgets/{made['id']}").ok()
    assert (shown["used"], shown["held"]) == (charge, "0.00")
    [row] = world.buyer.get(f"/budgets/{made['id']}/jobs").ok()["items"]
    assert (row["job_id"], row["used"], row["price"]) == (job["id"], charge, "3.20")
    assert world.buyer.get(f"/budgets/{made['id']}/jobs", month="2020-01").ok()["items"] == []
    [listed] = world.buyer.get("/budgets").ok()["items"]
    assert listed == shown
    assert world.buyer.delete(f"/budgets/{made['id']}").status == 204
    world.buyer.delete(f"/budgets/{made['id']}").refused(409, "budget-removed")
    assert world.buyer.get("/budgets").ok()["items"][0]["removed_at"] is not None


def test_a_hard_budget_refuses_the_acceptance_and_the_plan_says_so_before(placed):
    world = placed
    plan = world.buyer.post("/quotes", {"spec": SPEC}).ok()
    assert plan["budgets"] == []
    made = world.buyer.post("/budgets", {"amount": "0.01", "project": "default"}).ok()
    [told] = world.buyer.post("/quotes", {"spec": SPEC}).ok()["budgets"]
    assert (told["id"], told["subject"], told["left"]) == (made["id"], "default", "0.01")
    assert told["enough"] is False
    job = world.buyer.submit(accept=False)
    world.turn()
    assert world.buyer.get(f"/jobs/{job['id']}/quote").ok()["budgets"] == [told]
    refused = world.buyer.post(f"/jobs/{job['id']}/accept").refused(422, "budget-exceeded")
    assert made["id"] in refused["detail"]
    with_yes = world.buyer.submit()
    world.turn()
    ended = world.buyer.get(f"/jobs/{with_yes['id']}").ok()
    assert (ended["state"], ended["reason"]["code"]) == ("REJECTED", "budget-exceeded")
    world.buyer.post("/budgets", {"amount": "50", "project": "default"}).ok()
    world.buyer.post(f"/jobs/{job['id']}/accept").ok()
    [after] = world.buyer.get(f"/jobs/{job['id']}/quote").ok()["budgets"]
    assert after["enough"] is True


def test_a_warning_budget_publishes_and_stops_nothing(placed):
    world = placed
    world.buyer.post("/budgets", {"amount": "0.01", "stop": "warn"}).ok()
    [told] = world.buyer.post("/quotes", {"spec": SPEC}).ok()["budgets"]
    assert told["enough"] is True
    job = world.buyer.submit()
    world.turn()
    assert world.buyer.get(f"/jobs/{job['id']}").ok()["state"] == "PLACED"
    told = world.store.run_now(
        lambda tx: outbox.events_after(tx, 0, organisation_id=None, limit=1_000)
    )
    warned = [each.body["percent"] for each in told if each.kind == "budget.warned"]
    assert warned == [50, 80, 100]


def test_a_key_of_a_member_or_project_sets_no_budget_but_is_held_to_its_own(placed):
    world = placed
    li, theirs = bound(world)
    theirs.post("/budgets", {"amount": "9"}).refused(403, "budget-key-bound")
    world.buyer.post("/budgets", {"amount": "0.01", "member_id": li}).ok()
    world.buyer.post("/budgets", {"amount": "9"}).ok()
    told = theirs.post("/quotes", {"spec": SPEC}).ok()["budgets"]
    assert [(each["scope"], each["enough"]) for each in told] == [
        ("member", False), ("organisation", True)
    ]  # fmt: skip
    mine = world.buyer.post("/quotes", {"spec": SPEC}).ok()["budgets"]
    assert [each["scope"] for each in mine] == ["organisation"]


def test_an_operator_sets_anybodys_budget_others_see_only_their_own(placed):
    world = placed
    body = {"amount": "7", "organisation_id": world.lab}
    made = world.operator.post("/budgets", body).ok()
    assert made["organisation_id"] == world.lab
    stranger = world.operator.post("/organisations", {"name": "S", "roles": ["buyer"]}).ok(201)
    other = Caller(world, stranger["keys"][0]["key"])
    other.post("/budgets", body).refused(404, "not-found")
    other.get(f"/budgets/{made['id']}").refused(404, "not-found")
    other.get(f"/budgets/{made['id']}/jobs").refused(404, "not-found")
    other.delete(f"/budgets/{made['id']}").refused(404, "not-found")
    assert other.get("/budgets").ok()["items"] == []
    assert [each["id"] for each in world.operator.get("/budgets").ok()["items"]] == [made["id"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"amount": "x"}, "amount-unreadable"),
        ({"amount": "-1"}, "budget-malformed"),
        ({"amount": "1", "stop": "warn", "job_max": "1"}, "budget-malformed"),
        ({"amount": "1", "warn_at": [90, 50]}, "budget-malformed"),
        ({"amount": "1", "since": "2026-13"}, "invalid"),
        ({"amount": "1", "project": "atlantis"}, "not-found"),
        ({"amount": "1", "member_id": "mem_x"}, "not-found"),
    ],
)
def test_a_budget_that_cannot_be_is_refused_by_name(world, body, code):
    answer = world.buyer.post("/budgets", body)
    answer.refused(404 if code == "not-found" else 422, code)
