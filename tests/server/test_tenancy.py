"""Another organisation's thing is not there: every route with an id is asked by a stranger."""

from __future__ import annotations

import dataclasses
import re

import pytest
from tests.server.world import SPEC, World

# Routes with an id that anybody signed in may read: what is for sale is public.
PUBLIC = {
    ("GET", "/v1/centres/{centre_id}"),
    ("GET", "/errors/{code}"),
    # A tile holds hashes under salts; that everybody has the same ones is its use.
    ("GET", "/v1/ledger/tile/{level}/{path}"),
    ("GET", "/v1/voucher-programmes/{programme_id}"),
    # What a broker sells at is for everybody who might buy.
    ("GET", "/v1/brokers/{broker_id}/prices"),
    # A form is no id: everybody exports their own bills.
    ("GET", "/v1/exports/{form}"),
    # Anybody may bring a file; having brought it, it is theirs too.
    ("PUT", "/v1/blobs/{sha256}"),
    # A secret's name is its organisation's own: somebody else's of that name is another one.
    ("PUT", "/v1/secrets/{name}"),
}
# Heads and proofs between them are hashes and signatures: whoever doubts the exchange needs no key.
LOG_FOR_EVERYBODY = {
    "/v1/ledger/key", "/v1/ledger/checkpoint", "/v1/ledger/heads",
    "/v1/ledger/proofs/consistency", "/v1/ledger/tile/{level}/{path}",
}  # fmt: skip
BODIES = {
    "/v1/agent/leases/{lease_id}/returned": {"exit_code": 0, "usage": {}, "signature": ""},
    "/v1/agent/leases/{lease_id}/failed": {"fault": "buyer", "code": "x"},
    "/v1/agent/leases/{lease_id}/logs": {"lines": []},
    "/v1/organisations/{organisation_id}/keys": {"role": "buyer"},
    "/v1/organisations/{organisation_id}/projects": {"name": "x"},
    "/v1/organisations/{organisation_id}/members": {"name": "x"},
    "/v1/voucher-programmes/{programme_id}/fill": {"rule": "pool", "value": "1", "source": "x"},
    "/v1/voucher-programmes/{programme_id}/fund": {"amount": "1"},
    "/v1/voucher-programmes/{programme_id}/grants": {"organisation_id": "x", "amount": "1"},
    "/v1/voucher-claims/{claim_id}/deliver": {"evidence": []},
    "/v1/voucher-claims/{claim_id}/review": {"approve": True},
    "/v1/voucher-claims/{claim_id}/claw-back": {"reason": "x"},
    "/v1/disputes/{dispute_id}/answer": {"answer": "accept"},
    "/v1/disputes/{dispute_id}/rule": {"uphold": True, "text": "x"},
    "/v1/bank/lines/{line_id}/assign": {"target": "fees", "reason": "x"},
    "/v1/bank/lines/{line_id}/return": {"reason": "x"},
    "/v1/bank/lines/{line_id}/keep": {"reason": "x"},
    "/v1/payouts/{payout_id}/cancel": {"reason": "x"},
    "/v1/payouts/{payout_id}/fail": {"reason": "x"},
    "/v1/payout-batches/{batch_id}/approve": {"file_sha256": "0" * 64},
    "/v1/payout-batches/{batch_id}/discard": {"reason": "x"},
}


def routes(app) -> list[tuple[str, str]]:
    """Every method and path of the API, from its own document."""
    found = []
    for path, methods in app.openapi()["paths"].items():
        found += [(method.upper(), path) for method in methods]
    return found


@pytest.fixture
def things(world: World):
    """One thing of each kind that belongs to the lab."""
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    world.buyer.put(f"/blobs/{digest}", b"hello").ok(201)
    run = world.running(inputs=[{"from": f"blob:{digest}", "to": "in"}], outputs=["out.txt"])
    output = run.send("out.txt", b"hello")
    run.report("returned", **run.returned(outputs=[output])).ok()
    world.turn()
    waiting = world.buyer.submit()
    world.turn()
    world.parts.settings = dataclasses.replace(
        world.parts.settings, webhooks_to_private_addresses=True
    )
    hook = world.buyer.post("/webhooks", {"url": "http://127.0.0.1:9/x"}).ok(201)
    [lease] = world.centre().take()
    world.buyer.put("/secrets/out.txt", b"value").ok()
    member = world.operator.post(f"/organisations/{world.lab}/members", {"name": "Lin"}).ok(201)
    account = b'{"name": "Lab", "bank": "ICBC", "number": "6222020000001234567"}'
    world.buyer.put("/payout-account", account, content_type="application/json").ok()
    payout = world.buyer.post("/payouts", {"amount": "1"}).ok(201)
    return {
        "line_id": "bln_none",
        "payout_id": payout["id"],
        "batch_id": "pbt_none",
        "dispute_id": "dsp_none",
        "note_id": "crn_none",
        "invoice_id": "inv_none",
        "budget_id": "bdg_none",
        "contract_id": "con_none",
        "broker_id": world.lab,
        "level": "0",
        "number": "0",
        "member_id": member["id"],
        "job_id": run.wire["job_id"],
        "waiting": waiting["id"],
        "name": "out.txt",
        "sha256": digest,
        "webhook_id": hook["id"],
        "organisation_id": world.lab,
        "programme_id": "invented-demo-2026",
        "claim_id": "vcl_none",
        "form": "csv",
        "account_id": world.buyer.get("/accounts").ok()["items"][0]["id"],
        "month": "2026-10",
        "key_id": world.buyer.get("/me").ok()["key_id"],
        "centre_id": world.centre().id,
        "lease_id": lease.wire["lease_id"],
    }


def test_every_route_with_an_id_hides_it_from_strangers(world, things):
    stranger_agent = world.centre("guian", owner=world.rival)
    open_to_strangers = []
    for method, path in routes(world.app):
        names = re.findall(r"\{(\w+)(?::path)?\}", path)
        if not names or (method, path) in PUBLIC:
            continue
        is_agents = path.startswith("/v1/agent/")
        caller = stranger_agent.caller if is_agents else world.other
        where = re.sub(r"\{(\w+)(?::path)?\}", lambda m: things[m.group(1)], path)
        if path.startswith("/v1/agent"):
            where += f"?token=1&lease_id={things['lease_id']}"
        body = {"token": 1} | BODIES.get(path, {}) if method == "POST" and is_agents else None
        if method == "POST" and not is_agents:
            body = BODIES.get(path, {})
        headers = {"X-Sha256": things["sha256"]}
        kwargs = {"content": b"hello"} if method == "PUT" else {"json": body} if body else {}
        answer = caller.call(method, where, headers=headers, **kwargs)
        # What only operators may do is refused as such, without a look at the id.
        hidden = answer.status == 404 or (
            answer.status == 403 and answer.json()["code"] == "not-allowed"
        )
        if not hidden:
            open_to_strangers.append((method, path, answer.status, answer.content[:200]))
    assert open_to_strangers == []


def test_lists_show_only_ones_own(world, things):
    assert world.other.get("/jobs").ok()["items"] == []
    assert world.other.get("/jobs", organisation_id=world.lab).ok()["items"] == []
    assert world.other.get("/webhooks").ok()["items"] == []
    assert {a["organisation_id"] for a in world.other.get("/accounts").ok()["items"]} == {
        world.rival
    }
    assert (
        world.other.get("/accounts", organisation_id=world.lab).ok()["items"][0]["organisation_id"]
        == world.rival
    )
    assert (
        world.other.get("/statement", organisation_id=world.lab).ok()["account"]["organisation_id"]
        == world.rival
    )


def test_operators_and_auditors_see_everybodys(world, things):
    auditor = world.operator.post(f"/organisations/{world.lab}/keys", {"role": "auditor"}).ok(201)
    for key in (world.operator.key, auditor["key"]):
        world.nobody.key = key
        assert len(world.nobody.get("/jobs").ok()["items"]) == 2
        world.nobody.get(f"/jobs/{things['job_id']}").ok()
    world.nobody.post("/jobs", {"spec": SPEC}).refused(403, "not-allowed")


def test_a_strangers_blob_cannot_be_named_as_an_input(world, things):
    body = {"spec": SPEC | {"inputs": [{"from": f"blob:{things['sha256']}", "to": "x"}]}}
    world.other.post("/jobs", body).refused(422, "blob-unknown")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/organisations", {"name": "X"}),
        ("GET", "/organisations", None),
        ("POST", "/top-ups", {"organisation_id": "x", "amount": "1", "reference": "r"}),
        ("POST", "/centres", {"organisation_id": "x", "name": "n", "zone": "zhongwei"}),
        ("POST", "/settlements", {}),
        ("GET", "/records", None),
        ("GET", "/ledger/check", None),
        ("POST", "/agent/hello", {"public_key": "0" * 64, "centre": {}, "pools": []}),
        ("POST", "/agent/leases", {}),
        ("POST", "/agent/heartbeat", {"leases": []}),
    ],
)
def test_a_buyer_may_not_do_what_operators_and_agents_do(world, method, path, body):
    world.buyer.call(method, path, json=body).refused(403, "not-allowed")


def test_every_route_but_operations_needs_a_key(world):
    unguarded = []
    for method, path in routes(world.app):
        if path in {"/healthz", "/metrics", "/errors/{code}"} or path in LOG_FOR_EVERYBODY:
            continue
        where = re.sub(r"\{[^}]+\}", "x", path)
        answer = world.nobody.call(method, where, json={} if method == "POST" else None)
        if answer.status != 401:
            unguarded.append((method, path, answer.status))
    assert unguarded == []
