"""Organisations → projects → members, over the API, and what each role may do."""

from __future__ import annotations

import pytest
from tests.server.world import SPEC, Caller


def at(world, rest, organisation=None):
    return f"/organisations/{organisation or world.lab}/{rest}"


def test_projects_are_added_by_the_operator_and_listed_in_pages(world):
    for name in ("film", "protein"):
        made = world.operator.post(at(world, "projects"), {"name": name}).ok(201)
        assert (made["name"], made["organisation_id"]) == (name, world.lab)
    world.operator.post(at(world, "projects"), {"name": "film"}).refused(409, "project-name-taken")
    first = world.buyer.get(at(world, "projects"), limit=2).ok()
    rest = world.buyer.get(at(world, "projects"), cursor=first["next_cursor"]).ok()
    names = {each["name"] for each in first["items"] + rest["items"]}
    assert names == {"default", "film", "protein"}
    assert rest["next_cursor"] is None


def test_a_members_key_says_who_and_ends_with_them(world):
    member = world.operator.post(at(world, "members"), {"name": "林"}).ok(201)
    assert member["roles"] == []
    body = {"role": "buyer", "project": "film", "member_id": member["id"]}
    made = world.operator.post(at(world, "keys"), body).ok(201)
    lin = Caller(world, made["key"])
    me = lin.get("/me").ok()
    assert (me["member_id"], me["project_id"]) == (member["id"], made["project_id"])
    job = lin.submit()
    assert (job["member_id"], job["project_id"]) == (member["id"], made["project_id"])
    [listed] = world.buyer.get(at(world, "members")).ok()["items"]
    assert (listed["name"], listed["roles"], listed["removed_at"]) == ("林", ["buyer"], None)
    for _ in range(2):
        world.operator.delete(at(world, f"members/{member['id']}")).ok(204)
    lin.get("/me").refused(401, "key-revoked")
    [listed] = world.buyer.get(at(world, "members")).ok()["items"]
    assert listed["roles"] == []
    assert listed["removed_at"]
    world.operator.post(at(world, "keys"), body).refused(409, "member-gone")
    assert world.buyer.get(f"/jobs/{job['id']}").ok()["member_id"] == member["id"]


def test_members_come_in_pages(world):
    for name in "abc":
        world.operator.post(at(world, "members"), {"name": name}).ok(201)
    first = world.buyer.get(at(world, "members"), limit=2).ok()
    rest = world.buyer.get(at(world, "members"), limit=2, cursor=first["next_cursor"]).ok()
    assert {each["name"] for each in first["items"] + rest["items"]} == {"a", "b", "c"}
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("rest", ["projects", "members"])
def test_another_organisations_are_not_there(world, rest):
    world.other.get(at(world, rest)).refused(404, "not-found")
    world.operator.post("/organisations/org_none/" + rest, {"name": "x"}).refused(404, "not-found")
    world.operator.get(at(world, rest)).ok()
    world.buyer.post(at(world, rest), {"name": "x"}).refused(403, "not-allowed")


def test_a_key_for_another_organisations_member_is_refused(world):
    theirs = world.operator.post(at(world, "members", world.rival), {"name": "Zhao"}).ok(201)
    body = {"role": "buyer", "member_id": theirs["id"]}
    world.operator.post(at(world, "keys"), body).refused(404, "not-found")
    world.operator.delete(at(world, f"members/{theirs['id']}")).refused(404, "not-found")


DIGEST = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
WRITES = [
    ("POST", "/jobs", {"spec": SPEC}, {"buyer", "broker"}),
    ("POST", "/jobs/{job}/accept", {}, {"buyer", "broker"}),
    ("POST", "/jobs/{job}/cancel", {}, {"buyer", "broker", "operator"}),
    ("PUT", "/secrets/hf", b"x", {"buyer", "broker"}),
    ("DELETE", "/secrets/hf", None, {"buyer", "broker"}),
    ("PUT", f"/blobs/{DIGEST}", b"hello", {"buyer", "provider", "broker", "funder", "operator"}),
    ("POST", "/webhooks", {"url": "https://x"}, {"buyer", "provider", "broker", "funder", "operator"}),
    ("POST", "/centres", {"organisation_id": "{lab}", "name": "c", "zone": "guian"}, {"operator"}),
    ("POST", "/centres/{centre}/drain", {}, {"operator"}),
    ("POST", "/organisations", {"name": "x"}, {"operator"}),
    ("POST", "/organisations/{lab}/projects", {"name": "x"}, {"operator"}),
    ("POST", "/organisations/{lab}/members", {"name": "x"}, {"operator"}),
    ("DELETE", "/organisations/{lab}/members/{member}", None, {"operator"}),
    ("POST", "/organisations/{lab}/keys", {"role": "buyer"}, {"operator"}),
    ("DELETE", "/keys/{key}", None, {"operator"}),
    ("POST", "/organisations/{lab}/suspend", {"reason": "x"}, {"operator"}),
    ("POST", "/organisations/{lab}/reinstate", {"reason": "x"}, {"operator"}),
    ("POST", "/organisations/{lab}/close", {"reason": "x"}, {"operator"}),
    ("POST", "/organisations/{lab}/refuse", {"reason": "x"}, {"operator"}),
    ("POST", "/top-ups", {"organisation_id": "{lab}", "amount": "1", "reference": "r"}, {"operator"}),
    ("POST", "/settlements", {}, {"operator"}),
    ("POST", "/agent/heartbeat", {"leases": []}, {"agent"}),
    ("POST", "/agent/leases", {"wait_seconds": 0}, {"agent"}),
]  # fmt: skip
ROLES = ("buyer", "provider", "broker", "funder", "auditor", "operator", "agent")


@pytest.fixture
def callers(world):
    """A key of each role: the lab's own, an operator's, a centre's agent's."""
    found = {"operator": world.operator, "agent": world.centre().caller}
    for role in ROLES:
        if role not in found:
            made = world.operator.post(at(world, "keys"), {"role": role}).ok(201)
            found[role] = Caller(world, made["key"])
    return found


def test_each_role_writes_what_is_its_own_and_nothing_else(world, callers):
    member = world.operator.post(at(world, "members"), {"name": "Lin"}).ok(201)["id"]
    spare = world.operator.post(at(world, "keys"), {"role": "funder"}).ok(201)["id"]
    names = {"lab": world.lab, "member": member, "key": spare, "centre": world.centre().id}
    wrong = []
    for method, path, body, allowed in WRITES:
        for role, caller in callers.items():
            names["job"] = world.buyer.submit(accept=False)["id"]
            where = path.format(**names)
            if isinstance(body, dict):
                filled = {k: v.format(**names) if isinstance(v, str) else v
                          for k, v in body.items()}  # fmt: skip
                answer = caller.call(method, where, json=filled)
            else:
                answer = caller.call(method, where, content=body)
            refused = answer.status == 403 and answer.json()["code"] == "not-allowed"
            if refused == (role in allowed):
                wrong.append((role, method, path, answer.status))
    assert wrong == []


def test_an_auditor_reads_everything(world, callers):
    job = world.buyer.submit()
    world.turn()
    for path in (
        "/jobs", f"/jobs/{job['id']}", f"/jobs/{job['id']}/quote", f"/jobs/{job['id']}/timeline",
        "/organisations", at(world, "projects"), at(world, "members"), at(world, "keys"),
        at(world, "members", world.rival), "/records", "/ledger/check", "/centres", "/offers",
        f"/accounts?organisation_id={world.rival}", f"/secrets?organisation_id={world.rival}",
        f"/statement?organisation_id={world.rival}", "/webhooks", "/me",
    ):  # fmt: skip
        callers["auditor"].get(path).ok()
