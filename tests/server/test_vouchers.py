"""Vouchers over the API: who sees and does what, and a funded bill with its report."""

from __future__ import annotations

import pytest
from tests.server.world import Caller

DEMO = "invented-demo-2026"
BEIJING = "beijing-ai-compute-2023"
SHA = "ab" * 32


@pytest.fixture
def funder(world):
    body = {"name": "City", "roles": ["funder"]}
    city = world.operator.post("/organisations", body).ok(201)
    paid = {"organisation_id": city["id"], "amount": "5000000", "reference": "city"}
    world.operator.post("/top-ups", paid).ok(201)
    caller = Caller(world, city["keys"][0]["key"])
    caller.id = city["id"]
    return caller


def know(world, owner, **facts):
    return world.operator.post(f"/organisations/{owner}/voucher-facts", facts)


def ready(world, funder, programme=DEMO, amount="100"):
    provider = world.rival  # the lab's own centre would be related to it
    world.centre(owner=provider)
    know(world, world.lab, kinds=["research", "software"], region="beijing", credit_years=4,
         legal_representative="A").ok()  # fmt: skip
    know(world, provider, legal_representative="B").ok()
    funder.post(f"/voucher-programmes/{programme}/fund", {"amount": amount}).ok()
    return provider


def test_programmes_are_listed_with_every_rule_and_its_source(world):
    items = world.buyer.get("/voucher-programmes").ok()["items"]
    assert len({each["place"] for each in items if not each["invented"]}) == 9
    found = {each["id"]: each for each in items}
    assert found["guizhou-compute-2024"]["missing"] == ["rates", "firm_year_cap"]
    assert all(rule["source"] for each in items for rule in each["rules"])
    world.buyer.get("/voucher-programmes/atlantis").refused(404, "programme-unknown")


def test_an_operator_fills_what_a_notice_leaves_empty(world, funder):
    path = "/voucher-programmes/guizhou-compute-2024"
    body = {"rule": "rates", "value": "30", "source": "letter 7"}
    funder.post(f"{path}/fill", body).refused(403, "not-allowed")
    filled = world.operator.post(f"{path}/fill", body).ok()
    assert filled["missing"] == ["firm_year_cap"]
    [rule] = [each for each in filled["rules"] if each["rule"] == "rates"]
    assert (rule["value"], rule["source"], rule["filled_by"][:4]) == ("30", "letter 7", "key_")
    world.operator.post(f"{path}/fill", body | {"rule": "pool", "value": "5"}).refused(
        409, "programme-rule-given"
    )
    world.operator.post(f"{path}/fill", body | {"value": "0"}).refused(422, "programme-rule-wrong")
    funder.post(f"{path}/fund", {"amount": "10"}).ok()
    grant = {"organisation_id": world.lab, "amount": "1"}
    funder.post(f"{path}/grants", grant).refused(409, "programme-incomplete")


def test_a_funded_bill_and_its_report(world, funder):
    ready(world, funder)
    grant = {"organisation_id": world.lab, "amount": "50"}
    world.buyer.post(f"/voucher-programmes/{DEMO}/grants", grant).refused(403, "not-allowed")
    funder.post(f"/voucher-programmes/{DEMO}/grants", grant).ok(201)
    job = world.buyer.submit()
    world.turn()
    run = world.centre().take()[0]
    run.finish()
    world.turn()
    bill = world.buyer.get(f"/jobs/{job['id']}/bill").ok()
    line = bill["lines"][-1]
    assert (line["kind"], line["price_source"]) == ("voucher", f"voucher:{DEMO}")
    assert float(line["amount"]) < 0
    told = funder.get(f"/voucher-programmes/{DEMO}/report").ok()
    [row] = told["items"]
    assert (row["claim"]["bill_id"], row["claim"]["state"]) == (bill["id"], "paid")
    assert len(row["claim"]["transfers"]) == 2
    assert float(told["paid"]) == -float(line["amount"])
    [mine] = world.buyer.get("/vouchers").ok()["items"]
    assert float(mine["spent"]) == float(told["paid"])
    [claim] = world.buyer.get("/voucher-claims").ok()["items"]
    assert claim == row["claim"]
    assert world.operator.get(f"/voucher-programmes/{DEMO}/report").ok()["items"] == told["items"]
    world.buyer.get(f"/voucher-programmes/{DEMO}/report").refused(403, "not-allowed")
    world.other.get(f"/voucher-claims/{claim['id']}").refused(404, "not-found")
    assert world.other.get("/voucher-claims").ok()["items"] == []
    assert world.other.get("/vouchers").ok()["items"] == []
    back = {"reason": "job-disputed"}
    path = f"/voucher-claims/{claim['id']}/claw-back"
    world.buyer.post(path, back).refused(403, "not-allowed")
    assert funder.post(path, back).ok()["clawed_back"]["reason"] == "job-disputed"
    assert world.operator.get("/ledger/check").ok()["balanced"]


def test_a_claim_goes_through_two_reviews_to_money(world, funder):
    provider = ready(world, funder, BEIJING, "3000000")
    body = {
        "programme": BEIJING, "contract_id": "C-1", "supplier_id": provider, "days": 365,
        "signed_on": "2025-06-01", "items": [{"kind": "compute", "amount": "12000000"}],
    }  # fmt: skip
    long = world.buyer.post("/voucher-claims", body | {"days": 396})
    assert "contract-too-long" in long.refused(422, "voucher-claim-refused")["detail"]
    claim = world.buyer.post("/voucher-claims", body).ok(201)
    assert claim["amount"] == "2000000.00"
    path = f"/voucher-claims/{claim['id']}"
    assert funder.get(path).ok()["state"] == "claimed"
    funder.post(f"{path}/review", {"approve": True}).ok()
    brought = [{"kind": each, "sha256": SHA} for each in ("contract", "invoice", "delivery")]
    world.other.post(f"{path}/deliver", {"evidence": brought}).refused(404, "not-found")
    world.buyer.post(f"{path}/deliver", {"evidence": brought[:1]}).refused(
        422, "voucher-evidence-missing"
    )
    world.buyer.post(f"{path}/deliver", {"evidence": brought}).ok()
    funder.post(f"{path}/review", {"approve": True}).refused(422, "voucher-second-reviewer")
    paid = world.operator.post(f"{path}/review", {"approve": True}).ok()
    assert (paid["state"], len(paid["reviews"])) == ("paid", 2)
    funder.post(f"/voucher-programmes/{BEIJING}/pay", {}).refused(409, "programme-mode-wrong")
    assert world.operator.get("/ledger/check").ok()["balanced"]


def test_grants_and_claims_come_in_pages(world, funder):
    ready(world, funder)
    for _ in range(3):
        grant = {"organisation_id": world.lab, "amount": "1", "days": 30}
        funder.post(f"/voucher-programmes/{DEMO}/grants", grant).ok(201)
    first = world.buyer.get("/vouchers", limit=2).ok()
    rest = world.buyer.get("/vouchers", limit=2, cursor=first["next_cursor"]).ok()
    assert len({each["id"] for each in first["items"] + rest["items"]}) == 3
    assert rest["next_cursor"] is None
