"""Disputes, credit notes and invoices over the API: who sees and does what, JSON and PDF."""

from __future__ import annotations

import io
from datetime import timedelta
from hashlib import sha256

import pypdf
import pytest
from tests.server.world import Caller

from suanwang.ledger.closing import Month

SHA = "ab" * 32


@pytest.fixture
def billed(world):
    """A bill of the lab's, of a job that another firm's centre ran."""
    made = world.operator.post(
        "/organisations", {"name": "算力中心公司", "roles": ["provider"]}
    ).ok(201)
    world.seller = Caller(world, made["keys"][0]["key"])
    world.centre(owner=made["id"])
    world.job_id = world.buyer.submit()["id"]
    world.turn()
    world.centre().take()[0].finish()
    world.turn()
    return world


def opened(world, **changes):
    body = {"job_id": world.job_id, "lines": [{"line": 0}], "reason": "quality", "text": "noise"}
    return world.buyer.post("/disputes", body | changes)


def test_a_dispute_from_opening_to_the_credit_note(billed):
    billed.other.post("/disputes", {"job_id": billed.job_id, "lines": [{"line": 0}],
                                    "reason": "other"}).refused(404, "not-found")  # fmt: skip
    dispute = opened(billed).ok(201)
    assert (dispute["state"], dispute["reason"]) == ("opened", "quality")
    assert dispute["due_at"] is not None
    assert sum(float(each["frozen"]) for each in dispute["frozen"]) == pytest.approx(
        float(dispute["amount"])
    )
    path = f"/disputes/{dispute['id']}"
    billed.other.get(path).refused(404, "not-found")
    assert billed.seller.get(path).ok() == billed.buyer.get(path).ok()
    assert [each["id"] for each in billed.seller.get("/disputes").ok()["items"]] == [dispute["id"]]
    assert billed.other.get("/disputes").ok()["items"] == []
    answer = {"answer": "contest", "text": "it ran", "evidence": [{"kind": "log", "sha256": SHA}]}
    billed.buyer.post(f"{path}/answer", answer).refused(403, "not-allowed")
    billed.seller.post(f"{path}/rule", {"uphold": False, "text": "x"}).refused(403, "not-allowed")
    assert billed.seller.post(f"{path}/answer", answer).ok()["state"] == "contested"
    ruled = billed.operator.post(f"{path}/rule", {"uphold": True, "text": "the log is empty"}).ok()
    assert (ruled["state"], float(ruled["unpaid"])) == ("upheld", 0)
    billed.buyer.post(f"{path}/withdraw").refused(409, "transition-refused")
    note = billed.buyer.get(f"/credit-notes/{ruled['credit_note_id']}").ok()
    assert note["number"].startswith("CN-")
    assert (note["dispute_id"], note["amount"]) == (dispute["id"], dispute["amount"])
    assert billed.seller.get("/credit-notes").ok()["items"] == [note]
    billed.other.get(f"/credit-notes/{note['id']}").refused(404, "not-found")
    assert billed.operator.get("/ledger/check").ok()["balanced"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"lines": []}, 422, "fields-invalid"),
        ({"lines": [{"line": -1}]}, 422, "fields-invalid"),
        ({"lines": [{"line": 77}]}, 422, "line-not-charged"),
        ({"lines": [{"line": 0, "amount": "1000000"}]}, 422, "credit-too-large"),
        ({"lines": [{"line": 0, "amount": "x"}]}, 422, "amount-unreadable"),
        ({"reason": "ugly"}, 422, "fields-invalid"),
        ({"text": "x" * 2001}, 422, "fields-invalid"),
        ({"job_id": "job_none"}, 404, "not-found"),
    ],
)
def test_bad_disputes_are_refused(billed, changes, status, code):
    opened(billed, **changes).refused(status, code)


def test_withdrawn_and_given_back_without_a_dispute(billed):
    dispute = opened(billed).ok(201)
    billed.buyer.post(f"/disputes/{dispute['id']}/withdraw").ok()
    body = {"job_id": billed.job_id, "lines": [{"line": 0}], "paid_by": "seller", "text": "sorry"}
    billed.buyer.post("/credit-notes", body).refused(403, "not-allowed")
    note = billed.seller.post("/credit-notes", body).ok(201)
    assert (note["paid_by"], note["dispute_id"]) == ("seller", None)
    again = billed.seller.post("/credit-notes", body)
    again.refused(422, "credit-too-large")


def test_lists_come_in_pages(billed):
    for _ in range(3):
        opened(billed, lines=[{"line": 0, "amount": "0.000001"}]).ok(201)
    first = billed.buyer.get("/disputes", limit=2).ok()
    rest = billed.buyer.get("/disputes", limit=2, cursor=first["next_cursor"]).ok()
    assert len({each["id"] for each in first["items"] + rest["items"]}) == 3
    assert rest["next_cursor"] is None


def test_an_invoice_is_issued_once_the_month_is_closed(billed):
    note = {"job_id": billed.job_id, "lines": [{"line": 0}], "paid_by": "seller", "text": "sorry"}
    billed.seller.post("/credit-notes", note).ok(201)
    clock = billed.parts.clock
    month = Month.of(clock())
    draft = billed.buyer.get("/invoice-draft", month=str(month)).ok()
    assert (draft["draft"], draft["number"]) == (True, None)
    page = pypdf.PdfReader(
        io.BytesIO(billed.buyer.get("/invoice-draft/pdf", month=str(month)).content)
    )
    assert "DRAFT" in page.pages[0].extract_text()
    wanted = {"month": str(month)}
    billed.buyer.post("/invoices", wanted).refused(409, "month-not-closed")
    billed.buyer.get("/invoice-draft", month="2999-01").refused(422, "invalid")
    billed.parts.clock = lambda: month.slot.end + timedelta(days=6)
    billed.turn()
    [mine] = billed.buyer.get("/invoices").ok()["items"]
    [theirs] = billed.seller.get("/invoices").ok()["items"]
    assert billed.other.get("/invoices").ok()["items"] == []
    numbers = sorted(each["number"][-6:] for each in (mine, theirs))
    assert numbers == ["000001", "000002"]
    body = billed.buyer.get(f"/invoices/{mine['id']}")
    assert sha256(body.content).hexdigest() == mine["sha256"]
    assert billed.buyer.get(f"/invoices/{mine['number']}").content == body.content
    billed.other.get(f"/invoices/{mine['id']}").refused(404, "not-found")
    said = body.ok()
    bill = billed.buyer.get(f"/jobs/{billed.job_id}/bill").ok()
    assert float(said["purchases"]["billed"]) == float(bill["total"])
    assert said["purchases"]["credit_notes"][0]["bill_id"] == bill["id"]
    assert mine["paid"] == said["purchases"]["total"]
    earned = billed.seller.get(f"/invoices/{theirs['id']}").ok()["earnings"]
    assert float(earned["total"]) == 0  # all of it was given back
    assert float(earned["gross"]) > 0
    answer = billed.buyer.get(f"/invoices/{mine['id']}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    assert reader.attachments["invoice.json"] == [body.content + b"\n"]
    assert "算力中心公司" in "".join(page.extract_text() for page in reader.pages)
    assert billed.buyer.post("/invoices", wanted).ok(201) == mine
    billed.other.post("/invoices", wanted).refused(404, "not-found")
    billed.turn()
    assert billed.buyer.get("/invoices").ok()["items"] == [mine]
